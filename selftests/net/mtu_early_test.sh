#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# As mtu_test.sh, by the hook early.
ENTRY=early exec "$(dirname "$0")/mtu_test.sh"

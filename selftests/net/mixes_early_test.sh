#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# As mixes_test.sh, by the hook early.
ENTRY=early exec "$(dirname "$0")/mixes_test.sh"

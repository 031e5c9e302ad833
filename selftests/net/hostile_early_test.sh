#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# As hostile_test.sh, by the hook early.
ENTRY=early exec "$(dirname "$0")/hostile_test.sh"

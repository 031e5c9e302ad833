#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# As icmp_errors_test.sh, by the hook early.
ENTRY=early exec "$(dirname "$0")/icmp_errors_test.sh"

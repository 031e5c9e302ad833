# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# TAP of a test that keeps what a case says in $tmp/log. To be sourced; at the end: echo "1..$n"; exit $status
# shellcheck disable=SC2034,SC2154 # status and tmp are the test's

n=0 status=0

# report NAME STATUS
report() {
	n=$((n + 1))
	if [ "$2" = 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' "$tmp/log"
		status=1
	fi
}

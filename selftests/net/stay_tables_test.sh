#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Long flows stay with their backends when the hook, the key and the size of the flow tables change: FLOWS raw ones and
# CONNECTIONS held ones, half of them IPv6, many of them by now with another backend than the table's answer.
#
#   silent backends on port 80; b1 and b2 on port 81
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

FLOWS=${FLOWS:-$((${MAGLEV_SLOW:-1} > 1 ? 4000 : 100000))}
CONNECTIONS=${CONNECTIONS:-1000}

# reweigh: many slots change hands.
reweigh() {
	backends -e -w 5 1
	named -e 1 -w 5
}

# replace NAME VALUE: a setting by which flows move to new tables; then until the old ones, empty, have gone.
replace() {
	poll 60 is_settled || fail "flows still move: $(adm show)"
	adm set "$1" "$2" <<<$KEY
	long_stay "another $1"
}
is_settled() { adm -j show | tr -d ' \t\n' | grep -q '"moving":0'; }

setup_long 2
changed 4 reweigh
long_stay "another weight"

adm set hook early
long_stay "the hook early"
before=$(counted early)
long_stay "the hook early, known by now"
[ $(($(counted early) - before)) -ge "$FLOWS" ] || fail "forwarded early: $(($(counted early) - before))"
replace key -
replace flows $((4 * FLOWS))
adm set hook local
long_stay "the hook local"
before=$(counted early)
replace flows $((8 * FLOWS))
expect "forwarded early since" 0 $(($(counted early) - before))
finish

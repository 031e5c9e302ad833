#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A service with flows is left to IPVS for a while: it becomes persistent, has a masqueraded backend, or one with a
# connection threshold. Flows that were tracked go on; connections that IPVS makes meanwhile, by other rules or another
# table, stay with their backends when the service is ours again, and from then on whatever the table does.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

FLOWS=${FLOWS:-1000} # of each kind, in each family
next=0

# both SERVICE_AND_OPTIONS...: an ipvsadm -R line for each family: SERVICE stands for the service, NET for 10.0.N. or
# 2001:db8:N::, END for what comes behind the address.
both() {
	sed "s/SERVICE/-t $VIP:80/; s/NET\([0-9]*\):/10.0.\1./; s/END/:80/" <<<"$*"
	sed "s/SERVICE/-t [$VIP6]:80/; s/NET\([0-9]*\):/[2001:db8:\1::/; s/END/]:80/" <<<"$*"
}
edit() { both "$@" | lb ipvsadm -R; }

# connections: IPVS's own.
# shellcheck disable=SC2016 # awk's
connections() { lb awk '$1 == "TCP"' /proc/net/ip_vs_conn | wc -l; }

# more: as many flows begun now.
more() {
	begin_flows A "$FLOWS" --first $next
	next=$((next + FLOWS))
}

# all_stay WHAT: all that were begun by now.
all_stay() { same_flows "$1" A $next; }

# Few clients, so that persistence has something to do.
NET=198.18.0.0/28 NET6=2001:2::/124
setup_flows
join 1 2 3
more
expect "connections of IPVS" 0 "$(connections)"

changed 2 edit "-E SERVICE -s maglev -p 600"
all_stay "persistent now"
more
expect_range "connections of IPVS" $((2 * FLOWS)) $((2 * FLOWS + 100)) "$(connections)"
answers A 1 2 3 >"$WORK/answers"
elsewhere=$({ known_to A $VIP; known_to A $VIP6; } | paste -d ' ' - "$WORK/answers" | awk '$3 != $6' | wc -l)
expect_range "persistent: flows not where our table has them" $((FLOWS / 2)) $((2 * FLOWS)) "$elsewhere"
changed 2 edit "-E SERVICE -s maglev"
all_stay "ours again"
changed 2 backends -a 4
all_stay "ours again, a backend more"

before=$(connections)
changed 2 edit "-a SERVICE -r NET5:1END -m -w 0"
all_stay "a masqueraded backend"
more
expect "connections of IPVS, more" $((2 * FLOWS)) $(($(connections) - before))
changed 2 backends -e -w 4 2
changed 2 edit "-d SERVICE -r NET5:1END"
all_stay "ours again"
changed 2 backends -e -w 1 2
all_stay "ours again, another weight"

before=$(connections)
changed 2 backends -e -x 100000 3
all_stay "a threshold"
more
expect "connections of IPVS, more" $((2 * FLOWS)) $(($(connections) - before))
changed 2 backends -e -w 5 1
changed 2 backends -e -x 0 3
all_stay "ours again"
changed 2 backends -e -w 1 1
all_stay "ours again, another weight"
finish

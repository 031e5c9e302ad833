#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# With "-b flag-1" a client's address alone decides: one backend for all its ports, different
# addresses spread, as "maglevadm table lookup --hash source" says. The flag takes effect on a
# live service, off and on.
#
#   as in lib.sh, with three backends; the client has all of 203.0.113.0/24
. "$(dirname "$0")/lib.sh"

[ -x "$MAGLEVADM" ] || skip "$MAGLEVADM is missing: make userspace"
BACKENDS="10.0.0.1:80=1 10.0.0.2:80=1 10.0.0.3:80=1"
CLIENTS=40 TIMES=4

# ask_all FILE: TIMES connections from each address; a line for each: answer, address, port.
ask_all() {
	seq $CLIENTS | awk -v url="http://$VIP/[1-$TIMES]" '{
		printf "next\nsilent\nmax-time=10\nurl=\"%s\"\ninterface=\"host!203.0.113.%d\"\n", url, $1
		printf "write-out=\"%%{local_ip} %%{local_port}\\n\"\n"
	}' | { client curl -K - || true; } | paste -d ' ' - - >"$WORK/$1"
	expect "$1: answered" $((CLIENTS * TIMES)) "$(grep -c '^b[123] ' "$WORK/$1")"
}

# agrees FILE MODE: each answer is the one found offline.
agrees() {
	awk -v vip=$VIP '{ print "tcp " $2 ":" $3 " " vip ":80" }' "$WORK/$1" >"$WORK/flows"
	# shellcheck disable=SC2086
	"$MAGLEVADM" -j table lookup --key $KEY --hash "$2" $BACKENDS <"$WORK/flows" >"$WORK/lookup"
	grep -o '"10.0.0.[0-9]*:80"' "$WORK/lookup" | sed 's/"10.0.0.\(.*\):80"/b\1/' >"$WORK/expected"
	cut -d ' ' -f 1 "$WORK/$1" | diff - "$WORK/expected" >&2 || fail "$1: not as mode $2 says offline"
	echo "$1: as mode $2 says offline"
}

# pairs FILE: how many of (address, backend); as many as there are addresses if the address decides.
pairs() { cut -d ' ' -f 1,2 "$WORK/$1" | sort -u | wc -l; }
has_all() { [ "$(published backends) $(published mode)" = "3 $1" ]; }

# edit MODE [OPTION...]: IPVS tells nobody of an edit; the next beat finds it.
edit() {
	lb ipvsadm -E -t $VIP:80 -s maglev "${@:2}"
	poll 10 has_all "$1" || fail "no table in mode $1: $(published)"
}

setup_topology
ip -n "$NS-client" route add local 203.0.113.0/24 dev lo
ip -n "$NS-router" route add 203.0.113.0/24 via $CLIENT
load_module hash_key=$KEY
lb ipvsadm -A -t $VIP:80 -s maglev -b flag-1
for i in 1 2 3; do
	add_backend $i ipip
	serve_http $i
	lb ipvsadm -a -t $VIP:80 -r 10.0.0.$i -i
done
poll 10 has_all source || fail "no table of three in mode source: $(published)"

ask_all source
expect "source: addresses and their backends" $CLIENTS "$(pairs source)"
for i in 1 2 3; do
	expect_range "source: addresses of b$i" 3 30 "$(grep "^b$i " "$WORK/source" | cut -d ' ' -f 2 | sort -u | wc -l)"
done
agrees source source

edit tuple
ask_all tuple
expect_range "tuple: addresses and their backends" $((CLIENTS + 20)) $((CLIENTS * 3)) "$(pairs tuple)"
agrees tuple tuple

edit source -b flag-1
ask_all again
agrees again source
finish

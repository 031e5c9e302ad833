#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's tables are those maglevadm builds offline: equal digests, and 1,000 flows of
# real traffic are served by the backends that "table lookup" names.
. "$(dirname "$0")/lib.sh"

BACKENDS="10.0.0.1:80=1 10.0.0.2:80=2 10.0.0.3:80=3"

adm() {
	# shellcheck disable=SC2086
	"$MAGLEVADM" -j table "$1" --key $KEY $BACKENDS 2>/dev/null
}

same_digests() {
	local key

	for key in base_digest live_digest; do
		expect "$1: $key" "$(adm build | sed -n "s/.*\"$key\":[^\"]*\"\([^\"]*\)\".*/\1/p")" \
			"$(published $key)"
	done
}

setup_topology
start_tracing hash_key=$KEY
lb ipvsadm -A -t $VIP:80 -s maglev
for i in 1 2 3; do
	add_backend $i gre
	serve_http $i
	lb ipvsadm -a -t $VIP:80 -r 10.0.0.$i:80 -i --tun-type gre -w $i
done
all_published() { [ "$(published backends)" = 3 ]; }
poll 10 all_published
same_digests "all up"

ask http://$VIP 1000 >"$WORK/served"
expect "flows served" 1000 "$(wc -l <"$WORK/served")"
awk -v vip=$VIP '{ print "tcp " $2 ":" $3 " " vip ":80" }' "$WORK/served" >"$WORK/flows"
# shellcheck disable=SC2086
"$MAGLEVADM" -j table lookup --key $KEY $BACKENDS <"$WORK/flows" 2>/dev/null |
	grep -o '"10.0.0.[0-9]*:80"' | sed 's/"10.0.0.\(.*\):80"/b\1/' >"$WORK/expected"
awk '{ print $1 }' "$WORK/served" | diff - "$WORK/expected" >"$WORK/diff" ||
	fail "kernel and offline table disagree: $(head -n 3 "$WORK/diff")"
echo "agreement: 1000 of 1000 flows, $(sort "$WORK/expected" | uniq -c | xargs)"

before=$(published generation)
lb ipvsadm -e -t $VIP:80 -r 10.0.0.2:80 -i --tun-type gre -w 0
BACKENDS="10.0.0.1:80=1 10.0.0.2:80=2,drain 10.0.0.3:80=3"
published_again() { [ "$(published generation)" -gt "$before" ]; }
poll 10 published_again || fail "draining publishes nothing"
same_digests "one drained"

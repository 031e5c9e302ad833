#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The module is replaced under 1,000 downloads, half of them IPv6, by the commands of Documentation/upgrade.md: held
# off by a rule of nftables, state saved, services given to another scheduler, rmmod, modprobe, services given back,
# state restored, rule deleted. None breaks, though for many of them the table has another answer than the backend they
# have; what is laid over backends and set of services is as it was; how long clients had to wait is printed. The second
# time a CPU is gone meanwhile, and backends are given back in another order; state of another key, or other lines, is
# refused before anything changes. The third time nothing is restored, and downloads break: which shows that the other
# times it was the state that kept them.
#
#   as in lib.sh, with backends b1 to b4
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/drips.sh"

DOWNLOADS=${DOWNLOADS:-1000}
ONLINE=/sys/devices/system/cpu/cpu1/online
KEY=000102030405060708090a0b0c0d0e0f
OTHER_KEY=000102030405060708090a0b0c0d0e10
OPTIONS=/etc/modprobe.d/maglev-upgrade-test.conf

[ -w $ONLINE ] || skip "CPU 1 cannot be taken away"
command -v nft >/dev/null || skip "nft is missing"
clean_up() {
	echo 1 >$ONLINE
	rm -f $OPTIONS /run/maglev.state /run/maglev.services
	clean_topology
}

# all_go WHAT
all_go() { expect "$1, downloads" "$DOWNLOADS going 0 whole 0 broken" "$(ask_drips A)"; }

# each COMMAND...: of both services; VIP_AT is the service's, R what the addresses of its backends begin and end with.
each() {
	local VIP_AT R

	VIP_AT=$VIP:80 R=(10.0.0. :80)
	"$@"
	VIP_AT="[$VIP6]:80" R=('[2001:db8::' ']:80')
	"$@"
}
add_services() { lb ipvsadm -A -t "$VIP_AT" -s maglev; }
add_real() { lb ipvsadm -a -t "$VIP_AT" -r "${R[0]}$1${R[1]}" -i --tun-type gre -w "${2:-1}"; }
del_real() { lb ipvsadm -d -t "$VIP_AT" -r "${R[0]}$1${R[1]}"; }
overlay() {
	local i=$1 verb=$2

	shift 2
	adm backend "$verb" tcp "$VIP_AT" "${R[0]}$i${R[1]}" "$@"
}
set_service() { adm service set tcp "$VIP_AT" "$@"; }

# overlaid: of services and backends what nobody but us knows, but for the time that is left.
overlaid() { each overlaid_one; }
overlaid_one() {
	local i

	adm -j service show tcp "$VIP_AT" | grep -e '"table-size"' -e '"mode-set"' -e '"half-open"' -e '"established"'
	for i in 1 2 3 4; do
		adm -j backend show tcp "$VIP_AT" "${R[0]}$i${R[1]}" | sed 's/\("deadline-ms":[[:space:]]*\)[1-9].*/\1 some/' |
			grep -e '"admin-state"' -e '"health-state"' -e '"nominal-weight"' -e '"share"' -e '"deadline-ms"'
	done
}
digests() { each digests_one; }
digests_one() { adm -j service show tcp "$VIP_AT" | grep -e base-digest -e live-digest; }
has_digests() { [ "$(digests)" = "$1" ]; }

# procedure: what the document has under that heading.
procedure() {
	awk '/^## / { ours = /The procedure/ } /^```/ { code = !code; next } ours && code' "$TOP/Documentation/upgrade.md"
}

# The same in pieces, for what comes between.
hold() {
	BEGUN=$(date +%s%N)
	lb nft -f - <<-END
		table inet maglev_upgrade {
			chain hold {
				type filter hook prerouting priority -400
				ip daddr $VIP drop
				ip6 daddr $VIP6 drop
			}
		}
	END
}
release() {
	lb nft delete table inet maglev_upgrade
	GAP_MS=$((($(date +%s%N) - BEGUN) / 1000000))
}
take_away() {
	lb ipvsadm -S -n | sed -n '/ -s \(maglev\|mh\)\>/s/^-A/-E/p' >"$WORK/back"
	sed 's/ -s [a-z]*/ -s rr/; s/ -b [^ ]*//' "$WORK/back" | lb ipvsadm -R
}
# said NAME: a number in $WORK/said.
said() { awk -v name="$1" '$1 == name { print $2 }' "$WORK/said"; }
give_back() { lb ipvsadm -R <"$WORK/back"; }

# elsewhere: downloads that are not where the table has them, as of the last all_go.
elsewhere() {
	awk '{ print $3 }' "$WORK/A.drips" >"$WORK/have"
	awk -v vip="$VIP" -v from="$CLIENT" -v from6="$CLIENT6" '
		$2 == vip { print "explain tcp " from ":" $1, vip ":80"; next }
		{ print "explain tcp [" from6 "]:" $1, "[" $2 "]:80" }' "$WORK/A.drips" >"$WORK/asked"
	adm -j -b "$WORK/asked" | tr -d ' \t\n' |
		sed 's/"live-answer":{"name":"[^"]*[.:]\([0-9]\)]\{0,1\}:80"/\nANSWER b\1\n/g' |
		sed -n 's/^ANSWER //p' | paste -d ' ' "$WORK/have" - | awk '$1 != $2' | wc -l
}

modprobe -qr ip_vs_mh || true
setup_topology
trap clean_up EXIT
echo "options ip_vs_maglev hash_key=$KEY table_size=1009" >$OPTIONS
load_module
for i in 1 2 3 4; do
	add_backend $i gre
	serve_drips $i 80
done
each add_services
for i in 1 2 3; do each add_real $i; done
each set_service table-size 2003 timeout established 1800
begin_drips A 20001 $((DOWNLOADS / 2)) 80 "$VIP" "$VIP6"
all_go begun
# b4 takes slots from all, b1 and b2 lose theirs; those who have them stay.
each add_real 4 2
each overlay 1 drain --deadline 1h
each overlay 2 share 40
each overlay 3 weight 5
all_go "another table"
expect_range "downloads that are not where the table has them" 50 "$DOWNLOADS" "$(elsewhere)"
overlaid >"$WORK/overlaid"
before=$(digests)

# While one moves from CPU to CPU it may be counted on neither.
all_tracked() { [ "$(flows_held)" -ge "$DOWNLOADS" ]; }

# The first time: as it is written.
procedure >"$WORK/procedure"
expect "its commands" 9 "$(grep -c '^\(nft\|maglevadm\|ipvsadm\|sed\|rmmod\|modprobe\) ' "$WORK/procedure")"
begun=$(date +%s%N)
lb env PATH="$(dirname "$MAGLEVADM"):$PATH" bash -eu "$WORK/procedure" >"$WORK/said" ||
	fail "the procedure: $(<"$WORK/said")"
echo "gap: $((($(date +%s%N) - begun) / 1000000)) ms, with the state of $(said flows | head -n 1) flows"
all_go upgraded
expect "flows put, of those saved" "$(said flows | head -n 1)" "$(said put)"
overlaid | cmp "$WORK/overlaid" - || fail "overlay: $(overlaid)"
poll 20 has_digests "$before" || fail "digests: $(digests), before: $before"
poll 20 all_tracked || fail "flows: wanted $DOWNLOADS, saw $(flows_held)"
expect "mode of the file" 600 "$(stat -c %a /run/maglev.state)"
if LC_ALL=C grep -q -a -P "$KEY|\x04\x05\x06\x07|\x0b\x0a\x09\x08" /run/maglev.state; then
	fail "the key is in the file"
fi

# The second time: without CPU 1, whose flows go to the other; half the flows make as many lines. Indexes are others.
hold
adm state restore /run/maglev.state >"$WORK/said"
expect "put once more" 0 "$(said put)"
rm /run/maglev.state /run/maglev.services
adm state save - >"$WORK/state"
take_away
rmmod ip_vs_maglev
echo 0 >$ONLINE
rm $OPTIONS
load_module hash_key=$OTHER_KEY
for i in 2 4 1; do
	each del_real $i
done
for i in 4 1 2; do
	each add_real $i "$([ $i = 4 ] && echo 2)"
done
give_back
check=$(adm -j show | sed -n 's/.*"key-check":[[:space:]]*"\([0-9a-f]*\)".*/\1/p')
adm state restore "$WORK/state" 2>"$WORK/refused" && fail "state of another key is taken"
grep -q "of key check b88fb28d06d5efe1, the key here is of $check" "$WORK/refused" || fail "$(<"$WORK/refused")"
echo $KEY >"$WORK/key"
adm set key "$WORK/key"
adm state restore "$WORK/state" 2>"$WORK/refused" && fail "state of other lines is taken"
grep -q 'tables have [0-9]* lines, those here [0-9]*: ' "$WORK/refused" || fail "$(<"$WORK/refused")"
expect "flows that a refused restore has put" 0 "$(flows_held)"
# Old tables stand for a while, which allow no other change: so once more.
take_away
rmmod ip_vs_maglev
load_module hash_key=$KEY
adm set flows 524288
give_back
adm state restore - <"$WORK/state" >"$WORK/said"
release
echo "gap: $GAP_MS ms, on one CPU, after refusals: $(xargs <"$WORK/said")"
all_go "upgraded on one CPU"
overlaid | cmp "$WORK/overlaid" - || fail "overlay on one CPU: $(overlaid)"
poll 20 has_digests "$before" || fail "digests: $(digests), before: $before"
echo 1 >$ONLINE
all_go "on both again"

# The third time: nothing is restored.
hold
take_away
rmmod ip_vs_maglev
load_module hash_key=$KEY table_size=1009
give_back
release
echo "gap: $GAP_MS ms, nothing restored: $(ask_drips A)"
expect_range "downloads that break without" 50 "$DOWNLOADS" "$(count_drips A broken '.*')"
finish

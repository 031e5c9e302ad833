#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# maglevadm and the module: each verb does what it says, shows it and tells it; what "table diff"
# foretells is what the change then does; a batch is one change or none; who may not change may look.
#
#   as in lib.sh, with three silent backends (flows.sh) in services of both families
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

FLOWS=${FLOWS:-1000} # in each family

# says EXPRESSION WORD...: of what "maglevadm -j WORD..." prints, as x.
says() {
	adm -j "${@:2}" | python3 -c 'import json, sys
x = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1"
}
# is WANTED EXPRESSION WORD...: for poll.
is() { [ "$(says "${@:2}" 2>"$WORK/said")" = "$1" ]; }

# becomes WANTED EXPRESSION WORD...
becomes() {
	poll 20 is "$@" || fail "${*:3}: $2: wanted $1, saw $(says "${@:2}" 2>&1)"
	echo "${*:3}: $2: $1"
}

# refused STATUS PATTERN WORD...: with that exit status, in these words, with nothing on stdout.
refused() {
	local status=0 said

	said=$(adm "${@:3}" 2>&1 >"$WORK/stdout") || status=$?
	expect "refused: ${*:3}" "$1" "$status"
	[ ! -s "$WORK/stdout" ] || fail "it also says $(cat "$WORK/stdout")"
	grep -qE -e "$2" <<<"$said" || fail "it says $said"
}

live_digest() { says 'x[0]["service"]["live-digest"]' service show tcp "$1"; }

# check_diff VIP CHANGE -- COMMAND...: what the change would do, then the change.
check_diff() {
	local vip diff=() before said

	vip=$(endpoint "$1" 80)
	shift
	while [ "$1" != -- ]; do
		diff+=("$1")
		shift
	done
	shift
	echo "diff: ${diff[*]}"
	before=$(live_digest "$vip")
	said=$(says '"{live-digest} {slots-changed} {flows-moved} {flows-lost}".format(**x["preview"])' \
		table diff tcp "$vip" "${diff[@]}")
	expect "  asking changes nothing" "$before" "$(live_digest "$vip")"
	"$@"
	becomes "${said%% *}" 'x[0]["service"]["live-digest"]' service show tcp "$vip"
	echo "  slots, flows moved, lost: ${said#* }"
	MOVED=$(cut -d ' ' -f 3 <<<"$said")
}

PARAMETERS=table_size=251 setup_flows
changed 4 join 1 2 3
start_monitor
S="tcp $VIP:80"

echo "services and backends"
# shellcheck disable=SC2086
{
	becomes "maglev none 3" '"{forwarding} {left-because} {n-backends}".format(**x[0]["service"])' service show $S
	becomes "[251, 'tuple', 'maglev']" '[x[0]["service"][k] for k in ("table-size", "mode", "scheduler")]' service show $S
	adm service set $S table-size 1009 timeout reset 20 timeout established 600
	becomes "[1009, 20, 600]" '[x[0]["service"]["table-size"], x[0]["service"]["timeouts"]["reset"], x[0]["service"]["timeouts"]["established"]]' \
		service show $S
	adm service set $S mode source
	becomes source 'x[0]["service"]["mode"]' service show $S
	adm service set $S mode flag table-size 251
	becomes "tuple 251" '"{mode} {table-size}".format(**x[0]["service"])' service show $S
	adm backend weight $S 10.0.4.1:80 3
	becomes "3 1 3" '"{nominal-weight} {weight} {table-weight}".format(**x[0]["backend"])' backend show $S 10.0.4.1:80
	adm backend share $S 10.0.4.1:80 50
	becomes 50 'x[0]["backend"]["share"]' backend show $S 10.0.4.1:80
	adm backend weight $S 10.0.4.1:80 0
	adm backend share $S 10.0.4.1:80 100
	adm backend down $S 10.0.4.2:80
	becomes "down down up" '"{state} {admin-state} {health-state}".format(**x[0]["backend"])' backend show $S 10.0.4.2:80
	becomes 0 'x[0]["backend"]["live-slots"]' backend show $S 10.0.4.2:80
	adm backend up $S 10.0.4.2:80
	becomes True 'x[0]["backend"]["live-slots"] == x[0]["backend"]["base-slots"]' backend show $S 10.0.4.2:80
	adm backend drain $S 10.0.4.3:80 --deadline 2s
	becomes drain 'x[0]["backend"]["state"]' backend show $S 10.0.4.3:80
	becomes down 'x[0]["backend"]["state"]' backend show $S 10.0.4.3:80
	adm backend up $S 10.0.4.3:80
}
for event in "state .*up to down \(admin\)" "state .*up to drain \(admin\)" "state .*drain to down \(deadline\)" \
	"drained .*\((deadline|last-flow)\)" "publish .*generation"; do
	grep -qE " $event" "$WORK/events" || fail "not told: $event"
done

echo "flows and where they would go"
begin_flows A "$FLOWS"
becomes $((2 * FLOWS)) 'sum(sum(row["flow-count"].values()) for row in x)' flow count
becomes "$FLOWS" 'sum(sum(row["flow-count"].values()) for row in x)' flow count tcp "$VIP:80"
becomes $((2 * FLOWS)) 'len(x)' flow show
read -r client port at _ < <(known_to A "$VIP")
client+=:$port at+=:80
becomes "$at" '"{addr}:{port}".format(**x["flow"])' flow find tcp "$client" $VIP:80
becomes "forward flow $at" '"{verdict} {source} {chosen[name]}".format(**x["decision"])' explain tcp "$client" $VIP:80
refused 1 'VIP: "192\.0\.2\.10:81": no service' explain tcp "$client" "$VIP:81"

check_diff $VIP down 10.0.4.1:80 -- adm backend down tcp $VIP:80 10.0.4.1:80
expect "flows of it" "$(awk '$3 == "10.0.4.1"' "$WORK/A.known" | wc -l)" "$MOVED"
check_diff $VIP up 10.0.4.1:80 -- adm backend up tcp $VIP:80 10.0.4.1:80
check_diff $VIP share 10.0.4.2:80 25 -- adm backend share tcp $VIP:80 10.0.4.2:80 25
check_diff $VIP add 10.0.4.4:80 1 -- lb ipvsadm -a -t $VIP:80 -r 10.0.4.4 -i --tun-type gre
check_diff $VIP del 10.0.4.4:80 -- lb ipvsadm -d -t $VIP:80 -r 10.0.4.4
check_diff $VIP weight 10.0.4.3:80 5 -- adm backend weight tcp $VIP:80 10.0.4.3:80 5
check_diff $VIP table-size 1009 -- adm service set tcp $VIP:80 table-size 1009
check_diff $VIP6 drain "[2001:db8:4::1]:80" -- adm backend drain tcp "[$VIP6]:80" "[2001:db8:4::1]:80"

held=$(says 'sum(sum(row["flow-count"].values()) for row in x)' flow count tcp $VIP:80 10.0.4.3:80)
becomes "$held" 'x["flows"]' flow flush tcp $VIP:80 10.0.4.3:80
becomes 0 'len(x)' flow show tcp $VIP:80 10.0.4.3:80
left=$((2 * FLOWS - held))
becomes $left 'x["flows"]' flow flush

echo "settings"
adm set flows 200000 table-size 257 fwmark-mask 0xff probe-base 0x10000
becomes "200000 257 255 65536" '"{flows} {table-size} {fwmark-mask} {probe-base}".format(**x["settings"])' show
check=$(says 'x["settings"]["key-check"]' show)
poll 60 is 0 'x["settings"]["moving"]' show || fail "flow tables still move"
adm set key - <<<$KEY
becomes True "x['settings']['key-check'] != '$check' and not x['settings']['key-is-zero']" show
adm set fwmark-mask 0xffffffff

echo "a batch is one change or none"
before=$(says 'x[0]["service"]["generation"]' service show tcp $VIP:80)
cat >"$WORK/batch" <<-END
	# five backends of two services
	backend up tcp [$VIP6]:80 [2001:db8:4::1]:80
	backend share tcp $VIP:80 10.0.4.1:80 10
	backend share tcp $VIP:80 10.0.4.2:80 20
	backend share tcp $VIP:80 10.0.4.3:80 30

	backend share tcp $VIP:80 10.0.4.8:80 20
END
refused 1 'batch:7: .*10\.0\.4\.8:80' -b "$WORK/batch"
becomes "100 25 100" '" ".join(str(row["backend"]["share"]) for row in x)' backend show tcp $VIP:80
sed -i 7d "$WORK/batch"
adm -b "$WORK/batch"
becomes "10 20 30" '" ".join(str(row["backend"]["share"]) for row in x)' backend show tcp $VIP:80
expect_range "tables published for three changes" 1 2 $(($(says 'x[0]["service"]["generation"]' service show tcp $VIP:80) - before))

echo "a backend is known before there is a table with it"
DELAY=/sys/module/ip_vs_maglev/parameters/rebuild_delay_ms
usual=$(cat $DELAY)
echo 5000 >$DELAY
lb ipvsadm -a -t $VIP:80 -r 10.0.4.5 -i --tun-type gre
adm backend drain tcp $VIP:80 10.0.4.5:80
echo "$usual" >$DELAY
becomes "drain 0" '"{state} {live-slots}".format(**x[0]["backend"])' backend show tcp $VIP:80 10.0.4.5:80
lb ipvsadm -d -t $VIP:80 -r 10.0.4.5
becomes 3 'len(x)' backend show tcp $VIP:80

echo "refusals"
refused 1 'backend: "10\.0\.4\.9:80"' backend up tcp $VIP:80 10.0.4.9:80
refused 1 'service: "192\.0\.2\.10:81"' backend up tcp $VIP:81 10.0.4.1:80
refused 1 '"9999": 1 to 900' service set tcp $VIP:80 timeout reset 9999
refused 2 'table-size' service set tcp $VIP:80 table-size 256
refused 1 'local here' set source4 203.0.113.0/28
refused 2 'hook' set hook late
adm set probe-base 0
refused 1 'mark 0 is no mark' set probe on
refused 1 'mark 0 is no mark' set probe on probe-base 0xffff0002
refused 2 'verb: "shut"' backend shut
for verb in "backend down tcp $VIP:80 10.0.4.1:80" "flow show" "set flows 1" \
	"explain tcp $client $VIP:80"; do
	# shellcheck disable=SC2086
	! lb setpriv --reuid nobody --clear-groups "$MAGLEVADM" $verb >"$WORK/said" 2>&1 || fail "nobody may: $verb"
	grep -q CAP_NET_ADMIN "$WORK/said" || fail "nobody hears $(cat "$WORK/said")"
done
lb setpriv --reuid nobody --clear-groups "$MAGLEVADM" service show >"$WORK/said" || fail "nobody may not look"

echo "from another network namespace, by name and by path"
for name in "$NS-lb" "/run/netns/$NS-lb"; do
	"$MAGLEVADM" -n "$name" service show | grep -q "$VIP:80" || fail "-n $name: $("$MAGLEVADM" -n "$name" service show)"
done
expect "services here" "[]" "$("$MAGLEVADM" -j service show | tr -d ' \n')"
finish

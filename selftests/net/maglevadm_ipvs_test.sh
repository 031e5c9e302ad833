#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# maglevadm takes ipvsadm's commands: in one namespace they go through it, in another to ipvsadm,
# and the same comes of them. Its lists are ipvsadm's with our columns behind. What ipvsadm -e
# would take from a tunnel silently, it says.
. "$(dirname "$0")/lib.sh"

T=192.0.2.10:80 T6='[2001:db8:1::10]:80'
AT="-t $T" U='-u 192.0.2.10:53' AT6="-t $T6"
R='-r 10.0.0.1:80'

adm() { "$MAGLEVADM" -n "$NS-lb" "$@"; }
ref() { in_ns ref ipvsadm "$@"; }

# same_effect WORD...: a command through maglevadm and the same to ipvsadm: what they print, how
# they exit, what IPVS holds afterwards.
same_effect() {
	local status=0 wanted=0

	adm "$@" >"$WORK/seen" 2>&1 </dev/null || status=$?
	ref "$@" >"$WORK/wanted" 2>&1 </dev/null || wanted=$?
	expect "exit status of $*" $wanted $status
	grep -v 'warning: ' "$WORK/seen" >"$WORK/seen.ours" || true
	cmp "$WORK/wanted" "$WORK/seen.ours" || fail "$*: $(cat "$WORK/seen")"
	same_rules "$*"
}

same_rules() {
	lb ipvsadm -S -n >"$WORK/rules"
	ref -S -n | diff - "$WORK/rules" || fail "$1: other rules than by ipvsadm"
}

# classic: a list without what we add, and without the time that connections have left.
classic() {
	sed -E -e '/^  == /d' -e 's/ [0-9]+:[0-9][0-9] / - /' -e 's/ *State Flows$//' \
		-e '/^  -> /s/^(.{60,}[0-9] *) (up|drain|down|-) +([0-9]+|-)$/\1/' -e 's/ +$//'
}

lists_agree() {
	adm "$@" >"$WORK/seen" 2>"$WORK/said"
	lb ipvsadm "$@" >"$WORK/wanted" 2>/dev/null
	cmp -s <(classic <"$WORK/wanted") <(classic <"$WORK/seen")
}

# same_list WORD...: counters may move in between.
same_list() {
	poll 10 lists_agree "$@" || {
		diff "$WORK/wanted" "$WORK/seen" || true
		fail "list $*"
	}
	echo "list $*: $(wc -l <"$WORK/seen") lines"
}

# said N PATTERN: so many warnings the last command through maglevadm gave, all with the pattern.
said() {
	grep -v 'maglevadm: warning: ' "$WORK/said" && fail "more than warnings"
	expect "warnings" "$1" "$(wc -l <"$WORK/said")"
	[ "$1" = 0 ] || expect "warnings with $2" "$1" "$(grep -Ec -- "$2" "$WORK/said")"
}

# flips PATTERN WORD...: an edit of R that says so; quiet WORD...: one that says nothing.
flips() {
	local pattern=$1

	shift
	# shellcheck disable=SC2086
	adm -e $AT $R "$@" 2>"$WORK/said"
	said 1 "$pattern"
}

quiet() {
	# shellcheck disable=SC2086
	adm -e $AT $R "$@" 2>"$WORK/said"
	said 0
}

modprobe ip_vs
unload_module
trap clean_topology EXIT
for ns in lb ref; do
	add_ns $ns
	ips $ns <<-END
		link add eth0 type dummy
		link set eth0 up multicast on
		addr add 192.0.2.1/24 dev eth0
		addr add $VIP/32 dev lo
		addr add $VIP6/128 dev lo nodad
	END
done

# Without our module there is nothing to add, and to list does not load it.
same_list -L -n
same_effect -A -t $T -s wlc
same_effect -a -t $T -r 10.0.0.1:80 -m
diff <(adm -L -n) <(lb ipvsadm -L -n) || fail "something is added without our module"
[ ! -e /sys/module/ip_vs_maglev ] || fail "a list has loaded the module"
same_effect -C
modprobe ip_vs_maglev

# Daemons, which allow no service with backends of the other family.
same_effect --start-daemon master --mcast-interface eth0 --syncid 7
same_list -L --daemon
expect "daemon" "eth0 7" "$(adm -j -L --daemon | python3 -c 'import json, sys
daemon, = json.load(sys.stdin)["daemons"]
print(daemon["mcast-ifn"], daemon["sync-id"])')"
same_effect --stop-daemon master --syncid 7
same_list -L --daemon

while read -r line; do
	# shellcheck disable=SC2086
	same_effect $line
done <<END
-A $AT -s maglev
-A $AT -s maglev
-A $U -s rr -o
-A $AT6 -s wrr -p 360 -M 64
--add-service --sctp-service 192.0.2.10:5000 --scheduler maglev
-A -f 1 -s maglev -p -M 255.255.255.0
-A -f 2 -6 -s sh -b sh-port,sh-fallback
-E -f 1 -s maglev -b flag-1,flag-3 -p 300 -M 255.255.255.0
-a $AT -r 10.0.0.1 -i --tun-type gre --tun-csum -w 5
-a $AT -r 10.0.0.2:80 -i -w 0
-a $AT -r 10.0.0.3:80 -i --tun-type gue --tun-port 6080 --tun-remcsum
-a $AT -r [2001:db8::4]:80 -i --tun-type gre
--add-server $U --real-server 10.0.0.1:5353 --masquerading --weight=3
-a $U -r 10.0.0.2 -g -x 100 -y 50
-a $AT6 -r [2001:db8::1]:80 -g
-a $AT6 -r [2001:db8::2]:8080 -m -w 65535
-a -f 1 -r 10.0.0.1 -i --tun-type=gre
-a -f 2 -6 -r [2001:db8::1]:0 -m
-a $AT -r 10.0.0.1:80
-a -t 192.0.2.99:80 -r 10.0.0.1:80
-a $AT -r 10.0.0.9 --tun-type gre
-e $AT -r 10.0.0.9 -i
-Z $AT
-Z
--set 900 0 60
--set 1
-S
-S -n
-d $AT -r 10.0.0.9:80
-d $AT -r 10.0.0.2:80
-D --sctp-service 192.0.2.10:5000
-A $AT -w
END

counted_one() { lb ipvsadm -Ln --stats --exact | grep -q '^TCP  192.0.2.10:80  *[1-9]'; }

# The client asks from here: requests are counted, whoever gets them.
for port in 80 81; do
	lb timeout "${MAGLEV_SLOW:-2}" bash -c "exec 3<>/dev/tcp/$VIP/$port" 2>/dev/null || true
	lb timeout "${MAGLEV_SLOW:-2}" bash -c "echo >/dev/udp/$VIP/53" 2>/dev/null || true
done

for options in '' -n '-n --sort' '-n --nosort' '-n --tun-info' '-n --thresholds' \
	'-n --persistent-conn' '-n --stats' '-n --rate' '-n --stats --exact' '-n --rate --exact' \
	"-n $AT" "-n $U --stats" "-n $AT6" '-n -f 1' '-n -f 2 -6' --timeout; do
	# shellcheck disable=SC2086
	same_list -L $options
done
same_list -L -c -n
grep -Eq '^maglevadm: [0-9]+ tracked flows are not' "$WORK/said" || fail "$(cat "$WORK/said")"
same_list -ln
same_list --list --numeric --exact --stats
adm -Ln --stats | diff - <(lb ipvsadm -Ln --stats) || fail "nothing is added to --stats"
poll 10 counted_one || fail "nothing was counted"

# What is added: a line for each service of ours, state and flows of each backend of theirs.
adm -Ln >"$WORK/seen"
expect "services of ours" 2 "$(grep -Ec '^  == forwarding ipvs left-because (tunnel|fwmark) generation [1-9][0-9]* table-size 65537 base-digest [0-9a-f]{16} live-digest [0-9a-f]{16}$' "$WORK/seen")"
expect "their backends" 4 "$(grep -Ec '^  -> .{65} (up   |drain) [0-9]+$' "$WORK/seen")"
adm backend down tcp $T 10.0.0.3:80
poll 10 eval 'adm -Ln | grep -Eq "^  -> 10.0.0.3:80 .* down  [0-9]+$"' || fail "it is not down: $(adm -Ln)"

# Refused by both, each in its own words.
for line in '-L -w 5' '-L -t' '-L -c --timeout' '-L --timeout --stats' '-L x' '-L --foo' '-L -6'; do
	status=0
	# shellcheck disable=SC2086
	adm $line >"$WORK/seen" 2>&1 || status=$?
	expect "exit status of $line" 2 $status
	# shellcheck disable=SC2086
	! ref $line >/dev/null 2>&1 || fail "ipvsadm takes $line"
done
adm -L -t 192.0.2.99:80 2>"$WORK/seen" && fail "there is such a service"
expect "no service" "maglevadm: IPVS: no such service" "$(cat "$WORK/seen")"

# -n before the command is a namespace, behind it numbers; without the first, this namespace.
expect "services here" 0 "$("$MAGLEVADM" -Ln | grep -c '^TCP' || true)"
expect "services there" 2 "$(adm -Ln | grep -c '^TCP')"
"$MAGLEVADM" -n "$NS-none" -Ln 2>"$WORK/seen" && fail "there is such a namespace"
grep -q "$NS-none" "$WORK/seen" || fail "$(cat "$WORK/seen")"

# Without the right to read it.
! setpriv --reuid nobody --clear-groups "$MAGLEVADM" -Ln 2>"$WORK/seen" || fail "anybody may read IPVS"
grep -q CAP_NET_ADMIN "$WORK/seen" || fail "$(cat "$WORK/seen")"

# JSON has all of it.
adm -j -L >"$WORK/list.json"
python3 - "$WORK/list.json" <<-END
	import json, sys
	services = {s["key"]["name"]: s for s in json.load(open(sys.argv[1]))["services"]}
	assert len(services) == 5, services.keys()
	tcp = services["tcp $T"]
	assert tcp["scheduler"] == "maglev" and tcp["stats"]["conns"] > 0, tcp
	assert tcp["maglev"]["forwarding"] == "ipvs" and tcp["maglev"]["generation"] > 0, tcp
	assert [b["maglev"]["state"] for b in tcp["backends"]] == ["up", "down", "up"], tcp
	gre, gue, six = tcp["backends"]
	assert gre["name"] == "10.0.0.1:80" and gre["weight"] == 5, gre
	assert gre["method"] == "tunnel" and gre["tunnel"] == "gre" and gre["tunnel-checksum"] == 1, gre
	assert gue["tunnel"] == "gue" and gue["tun-port"] == 6080 and gue["tun-remcsum"] == 1, gue
	assert six["name"] == "[2001:db8::4]:80" and six["tunnel-checksum"] == 0, six
	six = services["tcp $T6"]
	assert six["timeout"] == 360 and six["netmask"] == 64 and six["flags"] == ["persistent"], six
	assert [b["method"] for b in six["backends"]] == ["direct", "masquerade"], six
	assert services["fwmark 1"]["netmask"] == "255.255.255.0", services["fwmark 1"]
	assert services["fwmark 2 ipv6"]["flags"] == ["flag-1", "flag-2"], services["fwmark 2 ipv6"]
END
expect "timeout-udp" 60 "$(adm -j -L --timeout | python3 -c 'import json, sys; print(json.load(sys.stdin)["timeout-udp"])')"

# Edits that forget. R is a GRE tunnel with checksum first, what they leave it in then.
flips 'tcp 192.0.2.10:80 is Tunnel gre with checksum and becomes Route: .* -i --tun-type gre --tun-csum$' -w 4
quiet -w 3
quiet -i --tun-type gre --tun-csum
flips 'becomes Tunnel ipip: to keep it add --tun-type gre --tun-csum$' -i
quiet -i
quiet -i --tun-type gre --tun-csum
flips 'becomes Tunnel gre: to keep it add --tun-csum$' -i --tun-type gre
quiet -i --tun-type gre --tun-nocsum
quiet -i --tun-type=gue --tun-port 6080 --tun-remcsum
flips 'becomes Tunnel ipip: to keep it add --tun-type gue --tun-port 6080 --tun-remcsum$' -i -w 2
quiet -i --tun-type gue --tun-port=6080 --tun-csum
flips 'gue port 6080 with checksum and becomes Tunnel gue port 6081: to keep it add --tun-csum$' \
	-i --tun-type gue --tun-port 6081
quiet -g
quiet --ipip --tun-type gre
quiet -w 3 --gatewaying
adm -e -f 1 -r 10.0.0.1 -w 7 2>"$WORK/said"
said 1 '^maglevadm: warning: 10.0.0.1:0 of fwmark 1 is Tunnel gre and becomes Route: to keep it add -i --tun-type gre$'
adm -e "${AT6% *}" "$T6" -r '[2001:db8::2]:8080' -g 2>"$WORK/said" && fail "there is no such backend"
expect "ipvsadm's own words" "No such destination" "$(cat "$WORK/said")"
adm -C
ref -C

# The same in -R, against what the lines before have made; all of them arrive.
cat >"$WORK/lines" <<-END
	-A $AT -s maglev
	-a $AT $R -i --tun-type gre --tun-csum -w 1
	ipvsadm -e $AT $R -i --tun-type gre --tun-csum -w 2
	-e $AT $R -w 3 -i

	-e $AT $R -w 4 -i
	-d $AT $R
	-a $AT $R -i --tun-type gue --tun-port 7000
	  -e $AT $R -i --tun-type gre
	-e	$AT	$R	-w 6
	-A $U -s rr
	-a $U -r 10.0.0.1:53 -m
	-e $U -r 10.0.0.1:53 -m -w 9
END
adm -R <"$WORK/lines" 2>"$WORK/said"
said 2 '^maglevadm: warning: stdin:(4|10): 10.0.0.1:80 of tcp 192.0.2.10:80 is Tunnel gre'
ref -R <"$WORK/lines"
same_rules -R
lb ipvsadm -S -n >"$WORK/saved"
adm -R <"$WORK/saved" >/dev/null 2>&1 && fail "ipvsadm takes services twice"
{
	echo -C
	cat "$WORK/saved"
	echo "-e $U -r 10.0.0.1:53 -w 8"
} >"$WORK/lines"
adm --restore <"$WORK/lines" 2>"$WORK/said"
said 1 'of udp 192.0.2.10:53 is Masq and becomes Route: to keep it add -m$'
ref -R <"$WORK/lines"
same_rules --restore
status=0
printf '%s\n' "-D $U" "-A nonsense" "-D $AT" | adm -R >/dev/null 2>&1 || status=$?
expect "exit status of a bad line" 2 $status
expect "services behind a bad line" 1 "$(adm -Ln | grep -c '^TCP')"
finish

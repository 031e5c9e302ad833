#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# maglevadm doctor finds what is planted, and the command that it prints mends it: run as printed, on the host that it
# names, after which clients are answered by all backends again and doctor finds nothing.
#
#   as in lib.sh, with two backends behind GRE
. "$(dirname "$0")/lib.sh"

PATH=$(dirname "$MAGLEVADM"):$PATH # the commands are run as they are printed
PORT=20000 CONNECTIONS=8 CASES=0

# asked SECONDS [CURL OPTION]...: as many answers as there are connections, from ports that no one has had yet, so
# that the table alone says whose they are; both backends are among them.
asked() {
	local patience=$1 config='' port answers option

	shift
	for ((port = PORT + 1; port <= PORT + CONNECTIONS; port++)); do
		config+="next"$'\n'"silent"$'\n'"max-time=$patience"$'\n'"local-port=$port"$'\n'"url=\"http://$VIP\""$'\n'
		for option; do config+="$option"$'\n'; done
	done
	PORT=$((PORT + CONNECTIONS))
	answers=$(client curl -Z -K - <<<"$config" 2>/dev/null || true)
	[ "$(grep -c '^b[12]$' <<<"$answers")" = $CONNECTIONS ]
}
answered() { asked 10 "$@"; }
unanswered() { ! asked 2 "$@"; }
forwards() { adm service show tcp $VIP:80 | grep -q '^forwarded by *maglev'; }
is_left() { ! forwards; }

# examine: what doctor says, in $WORK/said, and its status.
examine() {
	local status=0

	adm doctor >"$WORK/said" 2>"$WORK/said.errors" || status=$?
	[ ! -s "$WORK/said.errors" ] || fail "doctor complains: $(cat "$WORK/said.errors")"
	return $status
}
finds_nothing() { examine; }

# commands FINDING: host and command of what mends it: all that it needs, else the likeliest.
commands() {
	awk -v name=": $1\$" '
		/^[a-z]/ { is_in = $0 ~ name }
		is_in && /^    (mend|then)( on [^ ]*)?: / {
			host = $2 == "on" ? $3 : "-"
			sub(/:$/, "", host)
			sub(/^    (mend|then)( on [^ ]*)?: /, "")
			print host, $0
		}' "$WORK/said"
}

# host_of ADDRESS: the namespace of the host that doctor names, or the balancer's.
host_of() { if [ "$1" = - ]; then echo lb; else echo "b${1##*.}"; fi; }

# mend FINDING...: by the very commands.
mend() {
	local name host command

	for name; do
		grep -q "^[a-z]*: .*: $name\$" "$WORK/said" || fail "$name is not found: $(cat "$WORK/said")"
		commands "$name" >"$WORK/commands"
		[ -s "$WORK/commands" ] || fail "$name has no mend: $(cat "$WORK/said")"
		while read -r host command; do
			echo "    $(host_of "$host")# $command"
			in_ns "$(host_of "$host")" bash -c "$command" </dev/null >"$WORK/mended" 2>&1 ||
				fail "$command: $(cat "$WORK/mended")"
		done <"$WORK/commands"
	done
}

# heal FAILS WORKS FINDING...: what is planted makes FAILS true; doctor finds it, its commands mend it, and WORKS is
# true.
heal() {
	local fails=$1 works=$2 status=0

	shift 2
	CASES=$((CASES + 1))
	echo "$CASES: $*"
	poll 20 "$fails" || fail "what was planted breaks nothing"
	examine || status=$?
	[[ $status = [56] ]] || fail "status $status: $(cat "$WORK/said")"
	mend "$@"
	poll 20 "$works" || fail "not mended: $(cat "$WORK/said")"
	poll 20 finds_nothing || fail "doctor still finds: $(cat "$WORK/said")"
}

# restore: what is no fault, but not as the next case needs it.
restore_service() { lb ipvsadm -E -t $VIP:80 -s maglev; }

setup_topology
client ethtool -K eth0 tso off gso off >/dev/null 2>&1
for i in 1 2; do
	add_backend $i gre
	serve_http $i
done
LARGE=$(head -c 2000 /dev/zero | tr '\0' x)
large() { "$1" "header=\"X-Large: $LARGE\""; }
large_fails() { large unanswered; }
large_works() { large answered; }
unload_module
modprobe ip_vs
for module in nf_tables nft_ct nf_reject_inet; do modprobe -q $module || true; done

# Before anything is of ours.
lb ipvsadm -R <<-END
	-A -t $VIP:80 -s wrr
	-a -t $VIP:80 -r 10.0.0.1:80 -i --tun-type gre
	-a -t $VIP:80 -r 10.0.0.2:80 -i --tun-type gre
END
not_ours() { [ ! -e /sys/module/ip_vs_maglev ]; }
poll 20 answered || fail "IPVS alone does not answer"
not_ours
status=0
adm doctor tcp $VIP:80 >"$WORK/said" || status=$?
expect "status without the module" 5 $status
mend module-absent scheduler-other
poll 20 forwards || fail "not ours: $(adm service show tcp $VIP:80)"
CASES=$((CASES + 2))
# Backends can be asked by now; the note says how.
status=0
examine || status=$?
expect "status with notes alone" 0 $status
grep -q '^note: host: probe-off$' "$WORK/said" || fail "no note of probes: $(cat "$WORK/said")"
mend key-zero probe-off
poll 20 answered || fail "the VIP does not answer"
examine || fail "doctor finds: $(cat "$WORK/said")"
grep -q '^0 faults, 0 warnings, 0 notes$' "$WORK/said" || fail "notes: $(cat "$WORK/said")"
adm -j doctor | grep -q '"probed":.2' || fail "not asked through tunnels: $(adm -j doctor)"
lb sysctl -qw net.ipv4.conf.all.rp_filter=0

# This host.
ip -n "$NS-lb" addr del $VIP/32 dev lo
heal unanswered answered vip-absent
adm set hook none
heal is_left forwards hook-none
ips lb <<-END
	link add elsewhere type dummy
	link set elsewhere up
	route add 198.51.100.0/24 dev elsewhere
END
lb sysctl -qw net.ipv4.conf.all.rp_filter=1
heal unanswered answered source-filtered
ip -n "$NS-lb" link del elsewhere
lb sysctl -qw net.ipv4.conf.all.rp_filter=0
# Clients do not notice, probes do.
lb sysctl -qw net.ipv4.conf.all.accept_local=0
heal true answered answers-refused

# Its firewall.
lb nft -f - <<<"table inet own { chain first { type filter hook input priority filter; tcp dport { 80, 443 } jump web; }
	chain web { ip daddr $VIP counter drop; }; }"
heal unanswered answered firewall-drops
lb nft -f - <<<"flush ruleset; table inet own { chain first { type filter hook input priority filter; policy drop;
	iifname lo accept; ct state established,related accept; meta l4proto icmp accept; tcp dport 22 accept; }; }"
heal unanswered answered firewall-drops answers-dropped
lb nft -f - <<<"flush ruleset; table ip own { chain last { type filter hook output priority filter;
	ip protocol gre drop; }; }"
heal unanswered answered tunnel-dropped
lb nft flush ruleset

# The way to backends.
ip -n "$NS-lb" route add blackhole 10.0.0.0/30
heal unanswered answered route-missing
ips lb <<-END
	route add 10.0.0.2 via 10.0.1.1 dev eth0
	route del default via 10.0.1.1
END
heal unanswered answered route-missing
ips lb <<-END
	route add default via 10.0.1.1
	route del 10.0.0.1
	route del 10.0.0.2
END
# A bridge that was given an MTU keeps it, and drops what a port's does not take.
ips router <<-END
	link set b1 mtu 1300
	link set backends mtu 1500
END
heal large_fails large_works mtu-hole
ip -n "$NS-router" link set b1 mtu 1500
ip -n "$NS-lb" route del 10.0.0.1

# Backends.
ip -n "$NS-b1" link del dsr
heal unanswered answered not-decapsulated
ip -n "$NS-b1" addr del $VIP/32 dev lo
heal unanswered answered vip-absent-there
ip -n "$NS-b2" addr del $VIP/32 dev lo
in_ns b2 sysctl -qw net.ipv4.ip_forward=0
heal unanswered answered vip-absent-there
in_ns b1 sysctl -qw net.ipv4.conf.all.rp_filter=1
heal unanswered answered tunnel-silent
kill "$(cat "$WORK/b2.pid")"
heal unanswered answered server-absent
serve_http 2
examine
mend backend-out
ip -n "$NS-b2" link set eth0 down
heal unanswered answered backend-silent
ips b2 <<-END
	link set eth0 up
	route add default via 10.0.0.254
END
examine
mend backend-out
poll 20 answered || fail "b2 does not come back"

# States, and what leaves a service to IPVS.
for i in 1 2; do adm backend down tcp $VIP:80 10.0.0.$i:80; done
heal unanswered answered backends-down
for i in 1 2; do lb ipvsadm -e -t $VIP:80 -r 10.0.0.$i:80 -i --tun-type gre -w 0; done
heal unanswered answered backends-down
lb ipvsadm -e -t $VIP:80 -r 10.0.0.1:80 -m
heal is_left forwards left-to-ipvs
lb ipvsadm -e -t $VIP:80 -r 10.0.0.2:80 -i --tun-type gre -x 5
heal is_left forwards left-to-ipvs
lb ipvsadm -E -t $VIP:80 -s maglev -p 300
heal is_left forwards left-to-ipvs
restore_service
poll 20 answered || fail "the VIP does not answer at the end"
[ $CASES -ge 12 ] || fail "only $CASES faults"
echo "$CASES faults found and mended"
lb ipvsadm -C
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two balancers with the same file and the same states have the same tables, whatever order things happened in. And the
# route may go from one to the other, each in turn, while backends change: of 1,000 downloads, half of them IPv6, none
# breaks.
#
# Balancers share no state: one that has not seen a flow yet goes by its table. So what is promised, and tried here, is
# that a flow stays where it began if it comes to the other balancer before the tables change: from then on both know it,
# and weights, drains and backends that come, come back, or die without a flow of it move nothing, on whichever of them it
# is, however long it was not there. What cannot be promised: a flow that one balancer alone has seen, if tables change
# before the other one does; nor, of course, flows of a backend that dies.
#
#   as in lib.sh, with a second balancer lb2, and backends b1 to b6; a maglevd on each balancer, of one file and key
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"
. "$(dirname "$0")/drips.sh"

DOWNLOADS=${DOWNLOADS:-1000}
SIZE=1009
INTERVAL_MS=$((1000 * ${MAGLEV_SLOW:-1}))

# at NAME COMMAND...: on that balancer, with its maglevd.
# shellcheck disable=SC2034 # lib.sh's and maglevd.sh's
at() {
	local BALANCER=$1 DAEMON=maglevd-$1 RUN=$WORK/run-$1

	shift
	"$@"
}

# write_config BACKEND...: the file; of I=WEIGHT[,drain], backend I has that weight, and is drained.
write_config() {
	local backend i weight drain

	cat <<-END
		cluster: {key_file: $WORK/key, table_size: $SIZE}
		probes: {manage_sysctl: true}
		policy: {panic: 100}
		checks:
		  drip: {type: tcp, expect: "b", interval: ${INTERVAL_MS}ms, timeout: $((INTERVAL_MS - 100))ms, fall: 6}
		services:
		  - {name: web, vip: $VIP, port: 80, pool: v4, checks: [drip]}
		  - {name: web6, vip: "$VIP6", port: 80, pool: v6, checks: [drip]}
		pools:
	END
	for pool in 'v4 10.0.0.' 'v6 2001:db8::'; do
		echo "  ${pool% *}:"
		for backend; do
			IFS='=,' read -r i weight drain <<<"$backend"
			echo "    - {address: \"${pool#* }$i\", weight: $weight${drain:+, drain: 0}}"
		done
	done
}

# configure NAME BACKEND...
configure() {
	write_config "${@:2}" >"$WORK/maglevd-$1.yaml"
	at "$1" reload_maglevd configured
}

# table_of VIP VERB WORD... -- BACKEND...: "maglevadm table" of these, as write_config has them, or with ",down" too.
table_of() {
	local vip=$1 verb=$2 words=() backends=() prefix=10.0.0. suffix=:80

	shift 2
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	[[ $vip != *:* ]] || prefix='[2001:db8::' suffix=']:80'
	for backend; do backends+=("$prefix${backend/=/$suffix=}"); done
	"$MAGLEVADM" -j table "$verb" --key $KEY --size $SIZE "${words[@]}" "${backends[@]}" 2>/dev/null | tr -d ' \t'
}

# digests: of both services, the base table's and the live one's.
digests() {
	local vip

	for vip in $VIP $VIP6; do
		adm -j service show tcp "$(endpoint "$vip" 80)" | grep -E '"(base|live)-digest"' | cut -d '"' -f 4
	done | paste -sd ' '
}
digests_of() {
	local vip

	for vip in $VIP $VIP6; do
		table_of "$vip" build -- "$@" | grep -E '"(base|live)_digest"' | cut -d '"' -f 4
	done | paste -sd ' '
}
has_digests() { [ "$(digests)" = "$1" ]; }

# settle WHAT BACKEND...: until both have the table that maglevadm builds of them; b's of ",down" do not serve.
settle() {
	local name wanted

	wanted=$(digests_of "${@:2}")
	for name in lb lb2; do
		at $name poll 30 has_digests "$wanted" || {
			tail -n 20 "$WORK/maglevd-$name.log"
			at $name adm backend show
			fail "$1, $name: wanted $wanted, has $(at $name digests)"
		}
	done
	expect "$1, digests of lb and lb2" "$wanted" "$(at lb digests)"
	expect "$1, digests of lb and lb2" "$wanted" "$(at lb2 digests)"
}

# move_to NAME: the router now sends there; every download goes on.
move_to() {
	case $1 in
	lb) set -- lb $LB $LB6 ;;
	lb2) set -- lb2 10.0.2.2 2001:db8:102::2 ;;
	esac
	ips router <<-END
		route replace $VIP via $2
		route replace $VIP6 via $3
	END
	all_go "at $1"
	# A download's last line may have come before the route changed, and the acknowledgement of this one be on its way.
	at "$1" poll 30 knows_all || fail "flows that $1 knows: $(at "$1" flows_held) of $BEGUN"
}
knows_all() { [ "$(flows_held)" -ge $BEGUN ]; }

# all_go WHAT
all_go() {
	local name

	for name in "${!DRIPS_IN[@]}"; do
		expect "$1, downloads $name" "$((DOWNLOADS / 2)) going 0 whole 0 broken" "$(ask_drips "$name")"
	done
}

# begin NAME FIRST: half of the downloads.
begin() {
	begin_drips "$1" "$2" $((DOWNLOADS / 4)) 80 $VIP $VIP6
	BEGUN=$((BEGUN + DOWNLOADS / 2))
	all_go "begun"
}

# expect_elsewhere BACKEND...: there are downloads for which that table has another answer than the one they have.
expect_elsewhere() {
	local vip

	for vip in $VIP $VIP6; do
		awk -v vip="$vip" '$2 == vip { print $3 }' "$WORK"/?.drips >"$WORK/have"
		awk -v vip="$vip" -v from="$(endpoint "$([ "$vip" = $VIP ] && echo $CLIENT || echo $CLIENT6)" '')" \
			-v to="$(endpoint "$vip" 80)" '$2 == vip { print "tcp", from $1, to }' "$WORK"/?.drips |
			table_of "$vip" lookup -- "$@" | sed -n 's/.*"backend":"\[\{0,1\}.*[.:]\([0-9]\)\]\{0,1\}:80".*/b\1/p' |
			paste -d ' ' "$WORK/have" -
	done | awk '$1 != $2' >"$WORK/elsewhere"
	expect_range "downloads that are not where the table has them" 1 "$DOWNLOADS" "$(wc -l <"$WORK/elsewhere")"
}

BEGUN=0
setup_topology
load_module table_size=509
add_balancer lb2 10.0.2.2 10.0.2.1 2001:db8:102::2 2001:db8:102::1
for i in 1 2 3 4 5 6; do
	add_backend $i gre
	[ $i -gt 4 ] || serve_drips $i 80
done
(umask 077 && echo $KEY >"$WORK/key")

# Each in an order of its own: lb2 is there when b2 is dead, and has had other weights, drains and backends.
write_config 1=1 2=1 3=1 4=1 5=1 6=1 >"$WORK/maglevd-lb.yaml"
at lb start_maglevd
at lb await_state 30 $VIP 10.0.0.2 up
kill_server 2
write_config 4=7,drain 2=5 9=1 1=1 3=2 >"$WORK/maglevd-lb2.yaml"
at lb2 start_maglevd
at lb await_state 30 $VIP 10.0.0.2 down
configure lb 6=1 5=1 4=3 3=1,drain 2=1 1=1
at lb2 await_state 30 $VIP6 2001:db8::3 up
configure lb2 1=1 3=1,drain 2=1 4=2
serve_drips 2 80
configure lb2 1=2 2=1 3=1 4=3 5=1 6=1
configure lb 1=2 2=1 3=1,drain 4=3 5=1 6=1
configure lb2 1=2 2=1 3=1,drain 4=3 5=1 6=1
settle "in another order" 1=2 2=1 3=1,drain 4=3 5=1,down 6=1,down

begin A 20001
move_to lb2
# While lb is drained, b5 comes, b3 is back in service, b1 gets more.
serve_drips 5 80
configure lb2 1=2 2=1 3=1 4=3 5=1 6=1
configure lb 1=4 2=1 3=1 4=3 5=1 6=1
configure lb2 1=4 2=1 3=1 4=3 5=1 6=1
settle "lb drained" 1=4 2=1 3=1 4=3 5=1 6=1,down
all_go "lb drained"
expect_elsewhere 1=4 2=1 3=1 4=3 5=1 6=1,down
begin B 22001
expect_range "of these at b3 and b5" 2 "$DOWNLOADS" "$(count_drips B going 'b[35]')"

move_to lb
# While lb2 is drained, b4 and b5 are drained too, b2 gets more, b6 comes.
configure lb 1=4 2=3 3=1 4=3 5=1,drain 6=1
serve_drips 6 80
configure lb2 1=4 2=1 3=1 4=3,drain 5=1,drain 6=1
configure lb 1=4 2=3 3=1 4=3,drain 5=1,drain 6=1
configure lb2 1=4 2=3 3=1 4=3,drain 5=1,drain 6=1
settle "lb2 drained" 1=4 2=3 3=1 4=3,drain 5=1,drain 6=1
all_go "lb2 drained"
expect_elsewhere 1=4 2=3 3=1 4=3,drain 5=1,drain 6=1

move_to lb2
# While lb is drained again, b6, which nobody is at, dies, a new one is in the file, b5 is back, b1 is drained.
kill_server 6
configure lb 1=4,drain 2=3 3=1 4=3,drain 5=1,drain 6=1 7=2
configure lb2 1=4 2=3 3=1 4=3,drain 5=1 6=1 7=2
configure lb 1=4,drain 2=3 3=1 4=3,drain 5=1 6=1 7=2
configure lb2 1=4,drain 2=3 3=1 4=3,drain 5=1 6=1 7=2
settle "lb drained again" 1=4,drain 2=3 3=1 4=3,drain 5=1 6=1,down 7=2,down
all_go "lb drained again"
expect_elsewhere 1=4,drain 2=3 3=1 4=3,drain 5=1 6=1,down 7=2,down
move_to lb

at lb stop_maglevd TERM
at lb2 stop_maglevd TERM
touch "$WORK/enough"
for name in A B; do
	expect "in the end, downloads $name" "0 going $((DOWNLOADS / 2)) whole 0 broken" "$(ask_drips $name)"
done
finish

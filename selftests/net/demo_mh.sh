# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2059,SC2086,SC2154 # formats in variables; what demo.sh defines
# The part of demo.sh that puts in-tree mh beside us: the same flows, by client port, through balancers that differ in
# what should not matter. To be sourced by it.

ROW='   %-4s %-32s %7s %6s %6s %6s %7s\n'

# ask_again FILE: connections from the same client ports as in FILE, by two processes: NAME PORT.
ask_again() {
	local half

	awk -v vip=$VIP -v half="$WORK/half" -v n=$FLOWS '{
		file = half (NR > n / 2)
		if (lines[file]++)
			print "next" >file
		print "url = \"http://" vip "/\"\nlocal-port = " $3 "\nmax-time = 10" >file
		print "silent\nshow-error\nwrite-out = \"%{local_port}\\n\"" >file
	}' "$1"
	for half in 0 1; do
		client curl -K "$WORK/half$half" 2>"$WORK/errors$half" >"$WORK/answers$half" &
	done
	wait
	cat "$WORK/answers0" "$WORK/answers1" | paste -d ' ' - -
}

# farm: "ADDRESS TUNNEL" of 25 addresses on each of b1 to b4, of which IPVS makes a hundred backends.
farm() {
	local i x

	for i in 1 2 3 4; do
		for x in {1..25}; do
			echo "10.0.0.$((30 * i + x)) ${TUNNEL[i]}"
		done
	done
}

# add_farm: the addresses, and the tunnel devices that decapsulate for any.
add_farm() {
	local i

	farm >"$WORK/farm"
	for i in 1 2 3 4; do
		{
			sed -n "$((25 * i - 24)),$((25 * i))s|\([^ ]*\).*|addr add \1/24 dev eth0|p" "$WORK/farm"
			case ${TUNNEL[i]} in
			gre) echo "link set gre0 up" ;;
			ipip) echo "link set tunl0 up" ;;
			esac
		} | ips b$i
	done
	mapfile -t FARM < <(sed 's/ .*/:80=100/' "$WORK/farm")
	FARM_EDITED=("${FARM[@]}")
	FARM_EDITED[0]=${FARM[0]%100}101
}

# add_balancer I SCHEDULER [FILTER...]: lbI with a service for the same VIP, to which the router now sends; the farm is
# added in the order in which FILTER puts it.
add_balancer() {
	add_ns "lb$1"
	attach "lb$1" "10.0.1$1.2/24" "10.0.1$1.1" "2001:db8:11$1::2/64" "2001:db8:11$1::1"
	add_vip "lb$1"
	ips router <<-END
		addr add 10.0.1$1.1/24 dev lb$1
		route replace $VIP via 10.0.1$1.2
	END
	{
		echo "-A $SERVICE -s $2"
		"${@:3}" <"$WORK/farm" | sed "s/\(.*\) \(.*\)/-a $SERVICE -r \1:80 -i --tun-type \2 -w 100/"
	} | in_ns "lb$1" ipvsadm -R
}

# explained BALANCER FILE: "NAME PORT" of the flows in FILE, of which we track one each: ask for them.
explained() {
	awk -v client=$CLIENT -v vip=$VIP '{ print "explain tcp " client ":" $2 " " vip ":80" }' "$2" >"$WORK/questions"
	"$MAGLEVADM" -j -n "$NS-$1" -b "$WORK/questions" |
		awk -F '"' '/"chosen"/ { ask = 1 } ask && $2 == "name" { split($4, to, "[.:]"); print "b" to[4]; ask = 0 }' |
		paste -d ' ' - <(awk '{ print $2 }' "$2")
}

# connections BALANCER FILE: "NAME PORT" of the flows in FILE, by IPVS's connections or by ours.
connections() {
	# Not -q: ipvsadm would die of the pipe.
	if in_ns "$1" ipvsadm -Ln | grep ' maglev' >/dev/null; then
		explained "$1" "$2"
		return
	fi
	in_ns "$1" ipvsadm -Lnc | awk 'NR > 2 {
		split($4, from, ":")
		split($6, to, "[.:]")
		print "b" to[4], from[2]
	}'
}

# replay I TEXT [BASE NEEDED]: the flows of section 2, from the same client ports, through lbI; a row of connections per
# backend, and how many got another backend than in file BASE, into $moved, beside how many must.
replay() {
	local chosen=$WORK/chosen.$1 answered unused least most

	ask_again "$WORK/served" >"$WORK/again"
	answered=$(grep -c '^b[1-4] ' "$WORK/again" || true)
	[ "$answered" = $FLOWS ] ||
		fail "lb$1 answered $answered of $FLOWS connections: $(sort "$WORK"/errors? | uniq -c | head -n 3)"
	connections "lb$1" "$WORK/again" >"$chosen"
	moved=$([ -z "${3:-}" ] || differ "$3" "$chosen")
	read -r unused least most < <(spread "$chosen")
	printf "$ROW" "lb$1" "$2" "$unused" "$least" "$most" "${moved:--}" "${4:--}"
}

# spread FILE: how many backends of the farm got none; the least and the most connections that one got.
spread() {
	awk 'NR == FNR { n["b" substr($1, 8)] = 0; next } { n[$1]++ }
	END {
		for (name in n) {
			unused += n[name] == 0
			least = least == "" || n[name] < least ? n[name] : least
			most = n[name] > most ? n[name] : most
		}
		print unused + 0, least, most
	}' "$WORK/farm" "$1"
}

# replay_all I SCHEDULER: lbI, one with the backends added in reverse order, one with the smallest edit there is. Sets
# $reordered and $edited: how many flows moved.
replay_all() {
	local i=$1 name=${2%% *} moved

	add_balancer "$i" "$2" cat
	[ "$name" != maglev ] || await_table "lb$i" "${FARM[@]}"
	replay "$i" "$name"
	add_balancer $((i + 1)) "$2" tac
	[ "$name" != maglev ] || await_table "lb$((i + 1))" "${FARM[@]}"
	replay $((i + 1)) "$name, added in reverse order" "$WORK/chosen.$i" 0
	reordered=$moved
	add_balancer $((i + 2)) "$2" cat
	in_ns "lb$((i + 2))" ipvsadm -e $SERVICE -r 10.0.0.31:80 -i --tun-type gre -w 101
	[ "$name" != maglev ] || await_table "lb$((i + 2))" "${FARM_EDITED[@]}"
	replay $((i + 2)) "$name, one weight 100 -> 101" "$WORK/chosen.$i" "$(ideal_flows)"
	edited=$moved
}

# ideal_flows: how many of the flows the edit must move, by the quotas.
ideal_flows() {
	awk -v slots="$(adm diff "${FARM[@]}" -- "${FARM_EDITED[@]}" | field ideal | head -n 1)" \
		-v size="$(field size <"$WORK/table")" -v n=$FLOWS 'BEGIN { printf "%.1f", n * slots / size }'
}

# mh_size: slots of in-tree mh's table, which the kernel's configuration fixes.
mh_size() {
	local primes=(251 509 1021 2039 4093 8191 16381 32749 65521 131071) index

	index=$(sed -n 's/^CONFIG_IP_VS_MH_TAB_INDEX=//p' "/boot/config-$(uname -r)")
	echo "${primes[index - 8]}"
}

beside_mh() {
	local reordered edited ours_reordered ours_edited agreed

	heading 5 "In-tree mh beside it: the same $FLOWS flows, other balancers, 100 backends"
	say "25 addresses on each of b1 to b4; lb5 to lb7: ipvsadm -A -s mh -b mh-port,mh-fallback"
	printf "\n$dim$ROW$plain" '' '' unused least most moved needed
	add_farm
	replay_all 2 maglev
	ours_reordered=$reordered ours_edited=$edited
	replay_all 5 "mh -b mh-port,mh-fallback"

	predict "${FARM_EDITED[@]}" <"$WORK/served" >"$WORK/predicted.edited"
	agreed=$((FLOWS - $(differ "$WORK/predicted.edited" "$WORK/chosen.4")))
	printf '\n'
	say "unused: backends that got no connection; least, most: what one got; moved: flows"
	say "with another backend than through lb2 or lb5: they break when such a balancer takes"
	say "over; needed: what the weights ask for. mh's table has $(mh_size) slots, as compiled in."
	claim "flows moved by another order of adding" "$ours_reordered (mh: $reordered)" [ "$ours_reordered" = 0 ]
	claim "flows moved by weight 100 -> 101, under 1 %" "$ours_edited (mh: $edited)" \
		[ "$ours_edited" -lt $((FLOWS / 100)) ]
	claim "and they are those that maglevadm names" "$agreed of $FLOWS" [ $agreed = $FLOWS ]
}

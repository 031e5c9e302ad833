#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The demo, as run by scripts/demo inside the virtual machine: tells with real traffic what the scheduler does, checks
# every claim it makes, and exits 0 only if all hold.
#
# MAGLEV_DEMO_COLOR=1: colours and running counts, for a terminal. MAGLEV_DEMO_SHELL=1: a shell before cleaning up.
NS=${NS:-demo}
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/demo_mh.sh"
. "$(dirname "$0")/demo_maglevd.sh"
set -E
trap 'echo "FAIL: line $LINENO: $BASH_COMMAND" >&2' ERR

FLOWS=1000 DOWNLOADS=100 NEW=200
SIGMAS=5 # a share is off if it is further than this from the expected one: once in 400,000 runs
DRIP_BYTES=1048576
SERVICE="-t $VIP:80"
TUNNEL=('' gre gre ipip ipip gre) # of b1, b2 ...
WEIGHT=('' 100 100 200 100 100)

bold='' dim='' green='' red='' plain=''
if [ -n "${MAGLEV_DEMO_COLOR:-}" ]; then
	bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[m'
fi
CLAIMS=() FAILED=0

# ---- how it is told

heading() {
	printf '\n%s%s  %s%s\n\n' "$bold" "$1" "$2" "$plain"
}

say() {
	printf '   %s\n' "$*"
}

# typed NAME COMMAND...: show a command as typed in a namespace, and run it there.
typed() {
	printf '   %s%4s#%s %s\n' "$dim" "$1" "$plain" "${*:2}"
	in_ns "$@"
}

# claim TEXT FIGURE CONDITION...: a line of the summary; it holds if the condition does.
claim() {
	local verdict="${green}ok$plain"

	if ! "${@:3}"; then
		verdict="${red}FAILED$plain"
		FAILED=$((FAILED + 1))
	fi
	CLAIMS+=("$(printf '%-49s %-22s %s' "$1" "$2" "$verdict")")
}

# counted TOTAL: pass lines through; on a terminal, count them while they come.
counted() {
	if [ -z "${MAGLEV_DEMO_COLOR:-}" ]; then
		cat
		return
	fi
	awk -v total="$1" '
	{ print }
	NR % 20 == 0 { printf "\r   %d of %d ", NR, total >"/dev/stderr"; fflush("/dev/stderr") }
	END { printf "\r\033[K" >"/dev/stderr" }'
}

# ---- backends, tables and flows

# dest I [WEIGHT]: the backend in ipvsadm's words.
dest() {
	local tunnel=''

	[ "${TUNNEL[$1]}" = ipip ] || tunnel=" --tun-type ${TUNNEL[$1]}"
	echo "-r 10.0.0.$1:80 -i$tunnel -w ${2:-${WEIGHT[$1]}}"
}

# adm VERB BACKEND...: maglevadm table, JSON.
adm() {
	"$MAGLEVADM" -j table "$1" --key $KEY "${@:2}"
}

# field KEY: the values of a key in JSON, without quotes.
field() {
	grep -o "\"$1\":[[:space:]]*[^],}]*" | sed 's/^[^:]*:[[:space:]]*//; s/"//g; s/[[:space:]]*$//'
}

# name: 10.0.0.I:80 as bI, null as it is.
name() {
	sed 's/^10\.0\.0\.\([0-9]*\).*/b\1/'
}

# predict BACKEND...: the backends that maglevadm names for the flows of "NAME ADDRESS PORT" lines: NAME PORT.
predict() {
	cat >"$WORK/flows"
	awk -v vip=$VIP '{ print "tcp " $2 ":" $3 " " vip ":80" }' "$WORK/flows" |
		adm lookup "$@" | field backend | name | paste -d ' ' - <(awk '{ print $3 }' "$WORK/flows")
}

# differ A B: how many of the flows in "NAME ... PORT" lines have another backend in B, or none.
differ() {
	awk 'FILENAME == ARGV[1] { seen[$NF] = $1; next } seen[$NF] != $1 { n++ } END { print n + 0 }' "$2" "$1"
}

# served_by NAME FILE
served_by() {
	awk -v name="$1" '$1 == name { n++ } END { print n + 0 }' "$2"
}

# live_digest NAME: of that balancer's table, as its kernel has it.
live_digest() { in_ns "$1" "$MAGLEVADM" -j service show tcp "$VIP:80" | field live-digest; }
live_digest_is() { [ "$(live_digest "$1")" = "$2" ]; }

# await_table NAME BACKEND...: until that balancer has the table that maglevadm builds of them.
await_table() {
	local digest

	digest=$(adm build "${@:2}" | field live_digest)
	poll 10 live_digest_is "$1" "$digest" ||
		fail "$1 and maglevadm disagree on the table: $(live_digest "$1"), not $digest"
}

# ---- the story

draw_topology() {
	local i row=()

	for i in 1 2 3 4; do
		row[i]=$(printf 'b%s  10.0.0.%s  %-4s  weight %s' "$i" "$i" "${TUNNEL[i]}" "${WEIGHT[i]}")
	done
	cat <<-END
		                         ┌─ lb  $LB  ip_vs_maglev, $VIP:80
		                         │
		   client ─── router ────┼─ ${row[1]} ┐
		   $CLIENT          ├─ ${row[2]} │ nginx,
		                         ├─ ${row[3]} │ $VIP on lo
		                         └─ ${row[4]} ┘

		   request   client ──▶ router ──▶ lb ══ GRE or IPIP ══▶ backend
		   reply     client ◀── router ◀──────────────────────── backend

	END
}

setup() {
	local i digest

	heading 1 "A client, a router, a balancer and four backends, each in a network namespace"
	draw_topology
	setup_topology
	# No TIME_WAIT, because the same ports are to be used again, and no reset for lack of it.
	client sysctl -qw net.ipv4.tcp_max_tw_buckets=0 net.ipv4.tcp_fin_timeout=120
	typed lb modprobe ip_vs_maglev hash_key=$KEY
	start_tracing
	# shellcheck disable=SC2086
	typed lb ipvsadm -A $SERVICE -s maglev
	for i in 1 2 3 4; do
		add_backend $i "${TUNNEL[i]}"
		serve_http $i
		# shellcheck disable=SC2046,SC2086
		typed lb ipvsadm -a $SERVICE $(dest $i)
	done
	await_table lb "${FOUR[@]}"
	adm build "${FOUR[@]}" >"$WORK/table"
	digest=$(field live_digest <"$WORK/table")
	printf '\n'
	say "table of $(field size <"$WORK/table") slots: digest $(live_digest lb) in the kernel,"
	say "                      digest $digest by \"maglevadm table build\""
	claim "kernel's table = maglevadm's, built offline" "$digest" live_digest_is lb "$digest"
}

# draw_shares: from "NAME SLOTS" lines and the file of flows, a bar for each backend; into $WORK/worst, in sigmas, how
# far the worst is off. One cell is 1.25 %.
draw_shares() {
	awk -v n=$FLOWS -v worst="$WORK/worst" '
	NR == FNR { seen[$1]++; next }
	{ name[++rows] = $1; info[rows] = sprintf("%-4s %4s", $3, $4); slots[rows] = $2; size += $2 }
	END {
		for (i = 1; i <= rows; i++) {
			p = slots[i] / size
			off = (seen[name[i]] - n * p) / sqrt(n * p * (1 - p))
			if (off * off > most * most)
				most = off
			bar = ""
			for (cell = 1; cell <= 40; cell++)
				bar = bar (cell == int(80 * p + 0.5) ? "┃" : \
					cell <= 80 * seen[name[i]] / n + 0.5 ? "█" : " ")
			sub(/ +$/, "", bar)
			printf "   %-3s %-9s %9.1f %6d %5.1fσ  %s\n", name[i], info[i], n * p,
				seen[name[i]], off, bar
		}
		printf "%.1f\n", most < 0 ? -most : most >worst
	}' "$1" -
}

shares() {
	local i agreed

	heading 2 "$FLOWS connections, one process, one after the other"
	say "${dim}client#$plain curl http://$VIP/[1-$FLOWS]"
	ask "http://$VIP" $FLOWS | counted $FLOWS >"$WORK/served" || true # what fails is counted
	printf '\n   %s%-13s %9s %6s %6s  %s%s\n' "$dim" backend expected seen off "share, ┃ expected" "$plain"
	for i in 1 2 3 4; do
		echo "b$i $(field live_slots <"$WORK/table" | sed -n ${i}p) ${TUNNEL[i]} ${WEIGHT[i]}"
	done | draw_shares "$WORK/served"
	predict "${FOUR[@]}" <"$WORK/served" >"$WORK/predicted"
	agreed=$((FLOWS - $(differ "$WORK/predicted" "$WORK/served")))
	printf '\n'
	say "tolerance ${SIGMAS}σ of the binomial distribution; \"maglevadm table lookup\" names the"
	say "backend that served for $agreed of $FLOWS flows"
	claim "connections answered" "$(grep -c '^b[1-4] ' "$WORK/served") of $FLOWS" \
		[ "$(grep -c '^b[1-4] ' "$WORK/served")" = $FLOWS ]
	claim "shares follow the weights" "worst $(cat "$WORK/worst") sigma off" \
		awk -v worst="$(cat "$WORK/worst")" -v most=$SIGMAS 'BEGIN { exit !(worst <= most) }'
	claim "served by the backend that maglevadm names" "$agreed of $FLOWS" [ $agreed = $FLOWS ]
}

# count_packets: what passes the balancer, and what the client gets, from here on.
count_packets() {
	in_ns lb nft -f - <<-END
		table ip dsr {
			counter requests {}
			counter onwards {}
			counter replies {}
			chain prerouting {
				type filter hook prerouting priority raw
				ip daddr $VIP counter name requests
				ip saddr $VIP counter name replies
			}
			chain forward { type filter hook forward priority 0; ip saddr $VIP counter name replies; }
			chain output { type filter hook output priority 0; ip saddr $VIP counter name replies; }
			chain postrouting {
				type filter hook postrouting priority 0
				ip saddr $LB ip protocol { 4, 47 } counter name onwards
				ip saddr $VIP counter name replies
			}
		}
	END
	in_ns client nft -f - <<-END
		table ip dsr {
			counter replies {}
			chain prerouting {
				type filter hook prerouting priority raw
				ip saddr $VIP counter name replies
			}
		}
	END
}

# counted_packets NAME COUNTER: packets and bytes.
counted_packets() {
	in_ns "$1" nft list counter ip dsr "$2" | awk '$1 == "packets" { print $2, $4 }'
}

direct_return() {
	local requests onwards replies received

	heading 3 "Direct server return: what nftables counted on the balancer meanwhile"
	requests=$(counted_packets lb requests)
	onwards=$(counted_packets lb onwards)
	replies=$(counted_packets lb replies)
	received=$(counted_packets client replies)
	printf "   $dim%-49s %9s %9s$plain\n" '' packets bytes
	# shellcheck disable=SC2086
	{
		printf '   %-49s %9s %9s\n' "balancer: requests in, to $VIP" $requests
		printf '   %-49s %9s %9s\n' "balancer: the same out, in GRE or IPIP" $onwards
		printf '   %-49s %9s %9s\n' "balancer: replies, from $VIP, at any hook" $replies
		printf '   %-49s %9s %9s\n' "client: replies, from $VIP" $received
	}
	claim "reply bytes through the balancer" "${replies#* }" [ "$replies" = "0 0" ]
	claim "every request packet goes onwards in a tunnel" "${onwards% *} of ${requests% *}" \
		[ "${onwards% *}" = "${requests% *}" ]
	claim "replies reach the client" "${received#* } bytes" [ "${received% *}" -gt $FLOWS ]
}

# running: "NAME PORT" of each established connection, as the backends have them.
running() {
	local i

	for i in "$@"; do
		in_ns "b$i" ss -Htn state established sport = :80 |
			awk -v name="b$i" '{ sub(/.*:/, "", $NF); print name, $NF }'
	done
}

all_started() {
	running 1 2 3 4 >"$WORK/started"
	[ "$(wc -l <"$WORK/started")" = $DOWNLOADS ]
}

# download: all at once; a line for each: status, bytes, client port.
download() {
	client curl -Z --no-progress-meter --parallel-immediate --parallel-max $DOWNLOADS --max-time 120 -o /dev/null \
		-w '%{http_code} %{size_download} %{local_port}\n' "http://$VIP/drip?[1-$DOWNLOADS]" 2>"$WORK/errors"
}

# add_and_drain: and send new connections, while the downloads run.
add_and_drain() {
	# shellcheck disable=SC2046,SC2086
	{
		typed lb ipvsadm -a $SERVICE $(dest 5)
		typed lb ipvsadm -e $SERVICE $(dest 2 0)
	}
	await_table lb "${DRAINED[@]}"
	running 1 2 3 4 >"$WORK/still"
	# Ports of their own: a flow that ended a moment ago may still be known.
	client sysctl -qw net.ipv4.ip_local_port_range='10000 29999'
	say "${dim}client#$plain curl http://$VIP/[1-$NEW]"
	ask "http://$VIP" $NEW | counted $NEW >"$WORK/new" || true
}

draw_downloads() {
	local i note

	printf "\n   $dim%-13s %9s %9s   %s$plain\n" backend downloads complete "new connections"
	for i in 1 2 3 4 5; do
		case $i in
		2) note=drained ;;
		5) note=added ;;
		*) note='' ;;
		esac
		printf '   b%s %-10s %9s %9s   %s\n' "$i" "$note" "$(served_by b$i "$WORK/started")" \
			"$(served_by b$i "$WORK/complete")" "$(served_by b$i "$WORK/new")"
	done
	printf '\n'
}

downloads() {
	local pid complete agreed under kept

	heading 4 "$DOWNLOADS downloads of 1 MiB at 64 kB/s; meanwhile b5 is added and b2 drained"
	add_backend 5 "${TUNNEL[5]}"
	serve_http 5
	say "${dim}client#$plain curl -Z --parallel-max $DOWNLOADS -o /dev/null http://$VIP/drip?[1-$DOWNLOADS]"
	download >"$WORK/downloads" &
	pid=$!
	echo $pid >"$WORK/downloads.pid"
	poll 20 all_started || fail "$(wc -l <"$WORK/started") of $DOWNLOADS downloads have started"
	add_and_drain
	wait $pid || true # what failed is counted below
	rm "$WORK/downloads.pid"

	awk -v size=$DRIP_BYTES '$1 == 200 && $2 == size { print $3 }' "$WORK/downloads" >"$WORK/ports"
	awk 'NR == FNR { ok[$1] = 1; next } $2 in ok' "$WORK/ports" "$WORK/started" >"$WORK/complete"
	complete=$(wc -l <"$WORK/complete")
	under=$(wc -l <"$WORK/still")
	kept=$((under - $(differ "$WORK/still" "$WORK/started")))
	predict "${DRAINED[@]}" <"$WORK/new" >"$WORK/predicted.new"
	agreed=$((NEW - $(differ "$WORK/predicted.new" "$WORK/new")))
	draw_downloads
	[ "$complete" = $DOWNLOADS ] || sort "$WORK/errors" | uniq -c
	say "$under downloads were running when the table had changed, $kept with the same backend;"
	say "\"maglevadm table lookup\" names the backend for $agreed of the $NEW new connections"
	claim "downloads broken by adding and draining" "$((DOWNLOADS - complete)) of $DOWNLOADS" \
		[ "$complete" = $DOWNLOADS ]
	claim "running meanwhile, each with its backend" "$kept of $DOWNLOADS" [ $kept = $DOWNLOADS ]
	claim "new connections to the drained backend" "$(served_by b2 "$WORK/new") of $NEW" \
		[ "$(served_by b2 "$WORK/new")" = 0 ]
	claim "new connections to the added backend" "$(served_by b5 "$WORK/new") of $NEW" \
		[ "$(served_by b5 "$WORK/new")" -gt 0 ]
	claim "new ones served as maglevadm names it" "$agreed of $NEW" [ $agreed = $NEW ]
}

summary() {
	heading 7 "Summary"
	printf '   %s\n' "${CLAIMS[@]}"
	printf '\n   %s%s of %s claims hold, on Linux %s, in %s s.%s\n\n' "$bold" $((${#CLAIMS[@]} - FAILED)) \
		${#CLAIMS[@]} "$(uname -r)" $SECONDS "$plain"
}

# explore: a shell among all this, with a command for each namespace.
explore() {
	local name

	ip -n "$NS-router" route replace $VIP via $LB
	for name in client router lb lb{2..7} b{1..5}; do
		echo "$name() { nsenter --net=/run/netns/$NS-$name \"\$@\"; }"
	done >"$WORK/rc"
	cat >>"$WORK/rc" <<-'END'
		PS1='demo# '
	END
	echo "PATH=$(dirname "$MAGLEVADM"):\$PATH" >>"$WORK/rc"
	cat <<-END
		   All of it still stands; client, router, lb ... lb7 and b1 ... b5 run a command there:
		     client curl http://$VIP/[1-9]
		     lb ipvsadm -Ln --stats
		     lb ipvsadm -e $SERVICE -r 10.0.0.1:80 -i --tun-type gre -w 0
		     tail $TRACE/trace
		     maglevadm table build --key $KEY ${DRAINED[*]}
		   "exit" ends the virtual machine.

	END
	bash --rcfile "$WORK/rc" -i || true # its last command's status is not ours
}

SECONDS=0
FOUR=()
for i in 1 2 3 4; do
	FOUR+=("10.0.0.$i:80=${WEIGHT[i]}")
done
DRAINED=("${FOUR[@]}" "10.0.0.5:80=${WEIGHT[5]}")
DRAINED[1]+=,drain

setup
count_packets
shares
direct_return
downloads
beside_mh
maglevd_finds
summary
[ -z "${MAGLEV_DEMO_SHELL:-}" ] || explore
[ $FAILED = 0 ] || exit 1

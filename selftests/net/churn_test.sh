#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# 1,000 random operations on backends through "ipvsadm -R" under traffic on all CPUs, then as
# many with swaps of the scheduler: nobody is turned away while an up backend exists. (In the
# gap of a swap IPVS has no scheduler; connections lost there are counted apart, as are those
# whose backend was deleted under them.) No warning, no leak.
#
# b1 is always up. b1..b4 serve and are drained, weighted, deleted and added at random;
# 36 more come and go with weight 0, because nothing answers there.
. "$(dirname "$0")/lib.sh"

SEED=${MAGLEV_TEST_SEED:-1}
OPERATIONS=1000

# random_operations SEED SWAPS: how many of 100 operations are swaps
random_operations() {
	awk -v seed="$1" -v swaps="$2" -v n=$OPERATIONS -v s="-t $VIP:80" '
	function address(i) { return i <= 4 ? "10.0.0." i ":80" : "10.0.3." i ":80" }
	BEGIN {
		srand(seed)
		there[1] = there[2] = there[3] = there[4] = 1
		for (done = 0; done < n; done++) {
			if (rand() * 100 < swaps) {
				print "-E " s " -s rr\n-E " s " -s maglev"
				continue
			}
			i = 1 + int(rand() * 40)
			weight = i == 1 ? 1 + int(rand() * 4) : i <= 4 ? int(rand() * 5) : 0
			verb = !there[i] ? "-a" : i > 1 && rand() < 0.5 ? "-d" : "-e"
			there[i] = verb != "-d"
			print verb " " s " -r " address(i) (verb == "-d" ? "" : " -i -w " weight)
		}
		# as it was, for the next
		for (i = 1; i <= 40; i++) {
			if (i <= 4)
				print (there[i] ? "-e " : "-a ") s " -r " address(i) " -i"
			else if (there[i])
				print "-d " s " -r " address(i)
		}
	}'
}

# Ask without end: a line for each connection, its answer or curl's error.
traffic() {
	while [ ! -e "$WORK/stop" ]; do
		client curl -s --max-time 5 -w '%{errormsg}\n' \
			"http://$VIP/[1-100]" | grep . || true
	done
}

# What IPVS tells a client when its scheduler finds nobody; and what ours says of it.
# shellcheck disable=SC2016 # awk fields
turned_away() {
	lb awk '$1 == "Icmp:" && column { print $column }
		$1 == "Icmp:" { for (i = 2; i <= NF; i++) if ($i == "OutDestUnreachs") column = i }
		' /proc/net/snmp
}
complained() {
	dmesg | grep -c 'no destination available' || true
}

# churn NAME SEED SWAPS
churn() {
	local away complaints slice stream

	rm -f "$WORK"/{stop,stream.*,slice.*}
	random_operations "$2" "$3" >"$WORK/operations"
	# In slices, so that traffic sees many states; each is one ipvsadm -R.
	split -l 25 "$WORK/operations" "$WORK/slice."
	for stream in 1 2 3 4; do
		traffic >"$WORK/stream.$stream" &
	done
	away=$(turned_away)
	complaints=$(complained)
	for slice in "$WORK"/slice.*; do
		lb ipvsadm -R <"$slice" || fail "$1, seed $2: ipvsadm refuses: $(cat "$slice")"
	done
	touch "$WORK/stop"
	wait
	sed 's/ after [0-9]* ms//' "$WORK"/stream.* | sort | uniq -c | sort -rn >"$WORK/answers"
	sed "s/^/$1: /" "$WORK/answers"
	echo "$1: $(grep -c -- '-s maglev' "$WORK/operations" || true) swaps of the scheduler"
	AWAY=$(($(turned_away) - away))
	expect "$1: lines of 'no destination available'" 0 $(($(complained) - complaints))
	expect_range "$1: connections answered" 100 1000000 \
		"$(awk '$2 ~ /^b[1-4]$/ { n += $1 } END { print n + 0 }' "$WORK/answers")"
}

setup_topology
start_tracing
# A deleted backend's connection starts anew with the client's next SYN.
lb sysctl -qw net.ipv4.vs.expire_nodest_conn=1
# Each one turned away is told so, and counted.
lb sysctl -qw net.ipv4.icmp_ratelimit=0
lb ipvsadm -A -t $VIP:80 -s maglev
for i in 1 2 3 4; do
	add_backend $i ipip
	serve_http $i
	lb ipvsadm -a -t $VIP:80 -r 10.0.0.$i:80 -i
done
echo "seed: $SEED"
churn "no swaps" "$SEED" 0
expect "no swaps: turned away" 0 "$AWAY"
churn "swaps" $((SEED + 1)) 3
echo "swaps: turned away in their gaps: $AWAY"
echo "tables published: $(count_published)"
lb ipvsadm -C
poll 20 rmmod ip_vs_maglev || fail "the module does not unload"

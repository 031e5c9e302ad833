#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What each preset promises: of a backend whose server is killed, and of one whose server takes connections and says
# nothing, it is known within fall x interval x (1 + jitter/2) + timeout; from then on new flows avoid it, and no flow of
# any other backend is broken by it.
#
#   as in lib.sh, with b1 to b5, of which b2 is killed and b3 stopped, in a service for each preset on an address of its
#   own; maglevd on the balancer
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"
. "$(dirname "$0")/drips.sh"

FLOWS=60 # of each service
SLACK_MS=1000 # to judge, to tell the kernel, and for the event
PRESETS=(aggressive balanced conservative)
VIPS=("$VIP" 192.0.2.11 192.0.2.12)
BOUNDS_MS=($((2 * 2200 + 1000)) $((3 * 5500 + 2000)) $((5 * 11000 + 5000))) # as maglevd.yaml(5) has them

write_config() {
	local i

	echo "probes: {manage_sysctl: true}"
	echo "checks:"
	for i in 0 1 2; do echo "  ${PRESETS[i]}: {type: tcp, expect: \"b\", preset: ${PRESETS[i]}}"; done
	echo "pools: {all: [10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5]}"
	echo "services:"
	for i in 0 1 2; do
		echo "  - {name: ${PRESETS[i]}, vip: ${VIPS[i]}, port: 80, pool: all, checks: [${PRESETS[i]}], table_size: 509}"
	done
}

# add_vips NAME: the other services' too.
add_vips() { printf 'addr add %s/32 dev lo\n' "${VIPS[@]:1}" | ips "$1"; }

# hear_states: a line for each change of state: when (ms), service, backend, new state.
hear_states() {
	(exec nsenter --net="/run/netns/$NS-lb" "$MAGLEVADM" monitor state) > >(
		while read -r _ _ _ service backend _ _ state _; do
			echo "$((${EPOCHREALTIME/./} / 1000)) ${service%:*} ${backend%:*} $state"
		done >"$WORK/states"
	) &
	echo $! >"$WORK/monitor.pid"
}

# when VIP BACKEND: it was found down, in ms.
when() { awk -v vip="$1" -v backend="$2" '$2 == vip && $3 == backend && $4 == "down" { print $1; exit }' "$WORK/states"; }
are_found() { [ "$(grep -c ' down$' "$WORK/states")" -ge 6 ]; }

# keep_asking: ten connections a second to each VIP, from ports of their own, until told to stop; a line for each: when it
# began (ms), VIP, who answered, or "-".
# shellcheck disable=SC2016 # perl's
keep_asking() {
	client perl -MIO::Socket::IP -MIO::Select -MTime::HiRes=time -e 'my ($stop, @vips) = @ARGV;
		my ($all, %asked, $socket) = IO::Select->new;
		my $port = 10000;
		$| = 1;
		while (1) {
			my $next = time + 0.1;
			last if -e $stop;
			for my $vip (@vips) {
				my $line = int(time * 1000) . " $vip";
				$socket = IO::Socket::IP->new(PeerHost => $vip, PeerPort => 80, LocalPort => $port++,
					Proto => "tcp", Blocking => 0);
				$socket and $asked{$socket} = $line and $all->add($socket) or print "$line -\n";
			}
			hear($next - time) while time < $next;
		}
		hear(60) while $all->count;
		sub hear {
			for my $ready ($all->can_read($_[0] > 0 ? $_[0] : 0)) {
				my $n = sysread $ready, my $text, 100;
				print "$asked{$ready} ", $n ? $text =~ /^(\w+)/ : "-", "\n";
				$all->remove($ready);
				close $ready;
			}
		}' "$WORK/stop" "${VIPS[@]}" >>"$WORK/asked"
}

setup_topology
load_module table_size=509
add_vips lb
for i in 1 2 3 4 5; do
	add_backend $i gre
	add_vips b$i
	serve_drips $i 80
done
printf "route add %s via $LB\n" "${VIPS[@]:1}" | ips router
write_config >"$WORK/maglevd.yaml"
start_maglevd
for vip in "${VIPS[@]}"; do
	for i in 1 2 3 4 5; do await_state 60 "$vip" 10.0.0.$i up; done
done
begin_drips A 40001 $FLOWS 80 "${VIPS[@]}"
expect "flows" "$((3 * FLOWS)) going 0 whole 0 broken" "$(ask_drips A)"
others=$(count_drips A going 'b[145]')
expect_range "flows of b2 and b3" 1 $((3 * FLOWS - 1)) "$(count_drips A going 'b[23]')"
hear_states
: >"$WORK/asked"
keep_asking &
asking=$!
echo $asking >"$WORK/asking.pid"
poll 20 grep -q b3 "$WORK/asked" || fail "b3 does not answer"

began_ms=$((${EPOCHREALTIME/./} / 1000))
kill_server 2
kill -STOP "$(cat "$WORK/b3.pid")"
poll 90 are_found || { tail -n 20 "$WORK/maglevd.log"; fail "not all are found: $(cat "$WORK/states")"; }
expect "flows of the others, that are whole so far" "$others" \
	"$(ask_drips A 'b[145]' >/dev/null; count_drips A going 'b[145]')"
kill_server 3
touch "$WORK/stop" "$WORK/enough"
wait $asking
rm "$WORK/asking.pid"

expect "new flows lost before, but those just begun" 0 \
	"$(awk -v to=$((began_ms - 1000 * ${MAGLEV_SLOW:-1})) '$1 < to && $3 == "-"' "$WORK/asked" | wc -l)"
for i in 0 1 2; do
	last_ms=0
	for dead in 2 3; do
		at_ms=$(when "${VIPS[i]}" 10.0.0.$dead)
		how=$([ $dead = 2 ] && echo killed || echo stopped)
		echo "${PRESETS[i]}: $how, found after $((at_ms - began_ms)) ms, at the latest ${BOUNDS_MS[i]} ms"
		[ $((at_ms - began_ms)) -le $((BOUNDS_MS[i] * ${MAGLEV_SLOW:-1} + SLACK_MS)) ] ||
			fail "${PRESETS[i]}: found after $((at_ms - began_ms)) ms"
		[ "$at_ms" -le "$last_ms" ] || last_ms=$at_ms
	done
	expect_range "${PRESETS[i]}: new flows lost before" 1 100000 "$(
		awk -v vip="${VIPS[i]}" -v from="$began_ms" -v to="$last_ms" \
			'$2 == vip && $1 > from && $1 <= to && $3 == "-" { n++ } END { print n + 0 }' "$WORK/asked")"
	awk -v vip="${VIPS[i]}" -v from="$last_ms" '$2 == vip && $1 > from { print $3 }' "$WORK/asked" >"$WORK/after"
	expect_range "${PRESETS[i]}: new flows after" 1 100000 "$(wc -l <"$WORK/after")"
	expect "${PRESETS[i]}: of these not answered by the others" 0 "$(grep -cv '^b[145]$' "$WORK/after" || true)"
done
expect "other changes of states" 0 "$(grep -cvE ' 10\.0\.0\.[23] down$' "$WORK/states" || true)"
ask_drips A >/dev/null
expect "flows of the others, whole" "$others" "$(count_drips A whole 'b[145]')"
stop_maglevd TERM
finish

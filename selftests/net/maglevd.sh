# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# maglevd in the balancer's namespace, or in BALANCER's, where DAEMON is what its files are called: to be sourced after
# lib.sh.

MAGLEVD=${MAGLEVD:-$TOP/build/maglevd}
DAEMON=maglevd
RUN=$WORK/run

# start_maglevd: with $WORK/$DAEMON.yaml; returns when it is configured.
start_maglevd() {
	(exec nsenter --net="/run/netns/$NS-${BALANCER:-lb}" "$MAGLEVD" --config "$WORK/$DAEMON.yaml" --run-directory "$RUN") \
		2>>"$WORK/$DAEMON.log" &
	echo $! >"$WORK/$DAEMON.pid"
	poll 20 asked_status || fail "maglevd: $(tail -n 3 "$WORK/$DAEMON.log")"
}

# stop_maglevd SIGNAL: fail if a sanitizer has found something, leaks at the end included.
stop_maglevd() {
	local pid

	pid=$(cat "$WORK/$DAEMON.pid")
	kill "-$1" "$pid"
	wait "$pid" 2>/dev/null || true
	rm -f "$WORK/$DAEMON.pid"
	! grep -A 30 -E 'runtime error:|Sanitizer' "$WORK/$DAEMON.log" || fail "a sanitizer's report"
}

# ask_maglevd COMMAND: a line of JSON.
ask_maglevd() {
	echo "{\"command\": \"$1\"}" | socat -t 10 - "UNIX-CONNECT:$RUN/control" 2>/dev/null
}
asked_status() { ask_maglevd status | grep -q version; }

# reload_maglevd: by SIGHUP; returns when the log has one more line with WORD.
reload_maglevd() {
	local before

	before=$(count_log "$1")
	kill -HUP "$(cat "$WORK/$DAEMON.pid")"
	poll 20 has_logged "$1" $((before + 1)) || fail "no \"$1\": $(tail -n 3 "$WORK/$DAEMON.log")"
}
count_log() { grep -c -e "$1" "$WORK/$DAEMON.log" || true; }
has_logged() { [ "$(count_log "$1")" -ge "$2" ]; }

# state VIP BACKEND: of health, as the kernel has it.
state() {
	adm -j backend show tcp "$(endpoint "$1" 80)" "$(endpoint "$2" 80)" | tr -d ' \t\n' |
		sed -n 's/.*"health-state":"\([a-z]*\)".*/\1/p'
}
is_state() { [ "$(state "$1" "$2")" = "$3" ]; }

# await_state SECONDS VIP BACKEND STATE
await_state() {
	poll "$1" is_state "$2" "$3" "$4" && return
	adm status --run-directory "$RUN"
	tail -n 20 "$WORK/$DAEMON.log"
	fail "$3 of $2: wanted $4, is $(state "$2" "$3")"
}

# answers VIP N: who answers, each once, in order.
answers() { ask "http://$(endpoint "$1" 80)" "$2" | awk '{ print $1 }' | sort -u | paste -sd ' '; }

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A bad module parameter refuses the load with its reason in the kernel log and leaves nothing
# behind; good ones take effect; the key is not to be seen, neither in sysfs nor in the log.
. "$(dirname "$0")/lib.sh"

PARAMETERS=/sys/module/ip_vs_maglev/parameters
DELAY=$PARAMETERS/rebuild_delay_ms

# refuses PARAMETER=VALUE WORD...: the log names them in one line.
refuses() {
	local given=$1 lines word

	shift
	mark_log
	! modprobe ip_vs_maglev "$given" 2>/dev/null || fail "$given: was loaded"
	[ ! -e /sys/module/ip_vs_maglev ] || fail "$given: left a module"
	lines=$(logged "${given%%=*}") || fail "$given: no reason in the log"
	for word; do
		lines=$(grep -e "$word" <<<"$lines") || fail "$given: the log does not say $word"
	done
	! logged 'scheduler registered' || fail "$given: left a scheduler"
	echo "refused: ${lines#*] }"
}

# refuses_key HEX
refuses_key() {
	refuses "hash_key=$1" 32 hex
	! logged "$1" || fail "the refused key is in the log"
}

# build SIZE: publish a table of two backends; print its digest.
build() {
	lb ipvsadm -R <<-END
		-A -t $VIP:80 -s maglev
		-a -t $VIP:80 -r 10.0.0.1 -i
		-a -t $VIP:80 -r 10.0.0.2 -i
	END
	poll 10 has_both || fail "no table of two backends was published: $(published)"
	expect "published size" "$1" "$(published size)" >&2
	published base_digest
	lb ipvsadm -C
}
has_both() { [ "$(published backends)" = 2 ]; }

# refuses_delay VALUE: at run time.
refuses_delay() {
	mark_log
	! echo "$1" 2>/dev/null >$DELAY || fail "rebuild_delay_ms=$1 was accepted"
	expect "rebuild_delay_ms is still" 0 "$(cat $DELAY)"
	logged "rebuild_delay_ms=$1.*accepted" || fail "no reason in one line of the log: $(logged .)"
}

trap clean_topology EXIT
add_ns lb
unload_module
for size in 65536 0 250 253 1048574 4294967547 abc -1; do
	refuses table_size=$size "table_size=$size" prime 251 1048573
done
refuses rebuild_delay_ms=99999 rebuild_delay_ms=99999 10000
for key in "${KEY%?}" "${KEY}00" "${KEY%?}g" "0x${KEY:2}"; do
	refuses_key "$key"
done

mark_log
load_module table_size=251 hash_key=$KEY
expect table_size 251 "$(cat $PARAMETERS/table_size)"
keyed=$(build 251)
! cat $PARAMETERS/hash_key 2>/dev/null || fail "hash_key can be read"
! grep -qis $KEY $PARAMETERS/* || fail "the key can be read: $(grep -il $KEY $PARAMETERS/*)"
! logged $KEY || fail "the key is in the log"
load_module table_size=251 hash_key=${KEY^^}
expect "digest, the same key in capitals" "$keyed" "$(build 251)"
load_module table_size=251
[ "$(build 251)" != "$keyed" ] || fail "the key makes no difference"
load_module table_size=1048573
build 1048573

for value in 10000 0; do
	echo $value >$DELAY || fail "rebuild_delay_ms=$value was refused"
	expect "rebuild_delay_ms" $value "$(cat $DELAY)"
done
for value in 10001 99999 -1 abc; do
	refuses_delay $value
done
! echo 65537 2>/dev/null >$PARAMETERS/table_size || fail "table_size can be changed"
finish

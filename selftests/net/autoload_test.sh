#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A service asks for the scheduler "maglev" and the kernel loads ip_vs_maglev for it, whichever
# namespace asks; the module stays as long as a service uses it, and not longer.
. "$(dirname "$0")/lib.sh"

is_loaded() { [ -e /sys/module/ip_vs_maglev ]; }

# check COMMAND...: runs ipvsadm in one namespace or another.
check() {
	unload_module
	"$@" -A -t $VIP:80 -s maglev || fail "$*: refused to add a service"
	is_loaded || fail "$*: ip_vs_maglev was not loaded"
	expect "$* shows" maglev "$("$@" -Ln | awk '$1 == "TCP" { print $3 }')"
	expect "$* saves" "-A -t $VIP:80 -s maglev" "$("$@" -Sn | xargs)"

	! rmmod ip_vs_maglev 2>/dev/null || fail "$*: unloaded while a service uses it"
	"$@" -A -t $VIP:81 -s maglev
	"$@" -D -t $VIP:80
	! rmmod ip_vs_maglev 2>/dev/null || fail "$*: unloaded while a second service uses it"
	"$@" -C
	rmmod ip_vs_maglev || fail "$*: cannot be unloaded after -C"
}

trap 'ipvsadm -C; clean_topology' EXIT
add_ns lb
check ipvsadm
check lb ipvsadm
finish

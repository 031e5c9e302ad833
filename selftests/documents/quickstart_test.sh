#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The quick start does what it says, on machines as Debian leaves them.
#
#   you, lb and web on one link, with nothing but an address
. "$(dirname "$0")/world.sh"

MACHINES='you lb web'

# add_machine NAME ADDRESS: with systemd's sysctls, and on the link.
add_machine() {
	ip netns add "$NS-$1"
	in_ns "$1" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=2
	ip link add eth0 netns "$NS-$1" type veth peer name "$1" netns "$NS-link"
	ip -n "$NS-link" link set "$1" master switch0 up
	ips "$1" <<-END
		link set lo up
		link set eth0 up
		addr add $2/24 dev eth0
	END
}

machines() {
	trap clean_topology EXIT
	ip netns add "$NS-link"
	ips link <<-END
		link add switch0 type bridge
		link set switch0 up
	END
	add_machine you 10.0.0.254
	add_machine lb 10.0.0.10
	add_machine web 10.0.0.1
}

follow machines Documentation/quickstart.md

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The rest of a router's life: what is no service's goes to the kernel's device and back (ARP, TCP), and ways follow the
# kernel's neighbours, routes and tags. Root, and /dev/net/tun; nothing leaves the namespaces.
#
#   client and backend: wire0 10.0.0.2 --- port 0 of maglev-dpdk --- maglev0 10.0.0.1: the balancer's kernel
set -u
here=$(cd "$(dirname "$0")" && pwd)
program=${MAGLEV_DPDK:-$here/../../build/maglev-dpdk-fixed}

skip() { echo "1..0 # SKIP $1"; exit 4; }

[ "$(id -u)" = 0 ] || skip "not root"
[ -w /dev/net/tun ] || skip "no /dev/net/tun"
if [ -z "${MAGLEV_INSIDE:-}" ]; then
	MAGLEV_INSIDE=1 exec unshare -n "$0" "$@"
fi

work=$(mktemp -d)
n=0 failed=0
result() { # STATUS WHAT
	n=$((n + 1))
	[ "$1" = 0 ] && echo "ok $n $2" && return
	failed=1
	echo "not ok $n $2"
}
until_true() { # WHAT COMMAND...: within 10 s
	local what=$1 i

	shift
	for ((i = 0; i < 100 * ${MAGLEV_SLOW:-1}; i++)); do
		"$@" >/dev/null 2>&1 && result 0 "$what" && return
		read -rt 0.1 <> <(:)
	done
	result 1 "$what"
}
# shellcheck disable=SC2317,SC2329
client() { nsenter -t "$other" -n "$@"; }
# shellcheck disable=SC2317,SC2329
finish() {
	kill "$pid" "$other" "${listener:-$pid}" 2>/dev/null
	wait "$pid" 2>/dev/null
	rm -rf "$work"
}

ip link set lo up
ip addr add 192.0.2.10/32 dev lo
cat >"$work/fixed" <<-END
	link kernel
	service tcp 192.0.2.10 80
	backend 10.0.0.2 gre 10.0.0.1
END
unshare -n sleep 600 &
other=$!
MAGLEV_FIXED=$work/fixed XDG_RUNTIME_DIR=$work "$program" --no-huge --no-pci --no-telemetry -m 256 --file-prefix "tap$$" --lcores 0@0-1,1@0-1 \
	--log-level 4 --vdev net_tap0,iface=wire0 -- --idle 200 --buffers 8192 >"$work/log" 2>&1 &
pid=$!
trap finish EXIT

until_true "the kernel's device is there" ip link show dev maglev0
until_true "and its port's" ip link set wire0 netns $other
client ip addr add 10.0.0.2/24 dev wire0
client ip link set wire0 up
client ip route add 192.0.2.10/32 via 10.0.0.1
ip addr add 10.0.0.1/24 dev maglev0
ip link set maglev0 up

socat TCP-LISTEN:22,fork,reuseaddr OPEN:/dev/null &
listener=$!
until_true "TCP goes to the kernel and back" client socat -u OPEN:/dev/null TCP:10.0.0.1:22,connect-timeout=1
until_true "at the VIP as well" client socat -u OPEN:/dev/null TCP:192.0.2.10:22,connect-timeout=1

# leaves MAC [TAG]: a SYN to the VIP comes back in GRE, by the link header with these.
# shellcheck disable=SC2317,SC2329
leaves() { client python3 "$here/tap_probe.py" wire0 192.0.2.10 80 "$@"; }
mac=$(client ip -o link show dev wire0 | sed 's/.*link.ether \([0-9a-f:]*\).*/\1/')
until_true "the backend is found by ARP" leaves "$mac"
ip neigh replace 10.0.0.2 lladdr 02:00:00:00:00:22 nud permanent dev maglev0
until_true "its neighbour entry changes" leaves 02:00:00:00:00:22
ip neigh replace 10.0.0.3 lladdr 02:00:00:00:00:33 nud permanent dev maglev0
ip route add 10.0.0.2/32 via 10.0.0.3
until_true "its route changes" leaves 02:00:00:00:00:33
if ip link add link maglev0 name maglev0.7 type vlan id 7 2>/dev/null; then
	ip addr add 10.7.0.1/24 dev maglev0.7
	ip link set maglev0.7 up
	ip neigh replace 10.7.0.4 lladdr 02:00:00:00:00:44 nud permanent dev maglev0.7
	ip route replace 10.0.0.2/32 via 10.7.0.4
	until_true "its route leads through a tag" leaves 02:00:00:00:00:44 7
fi
ip route replace 10.0.0.2/32 via 10.0.0.3
until_true "and back" leaves 02:00:00:00:00:33
kill "$pid"
wait "$pid"
result $? "stops by SIGTERM"
sed 's/^/# /' "$work/log"
echo "1..$n"
exit $failed

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Documents, whose commands are run as they are printed: to be sourced. They change files in /etc, so only in a virtual
# machine, and each document has all from the beginning.
#
#   as in lib.sh, with backends b1 b2 b3 behind GRE that say their names at / and /health
. "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"

[ "$(uname -n)" = maglev-vm ] || skip "this is not the virtual machine"
PATH=$TOP/selftests/documents:$TOP/build:$PATH # ours before systemd's systemctl

# world: what documents suppose, unless they begin with nothing.
world() {
	local i

	setup_topology
	for i in 1 2 3; do
		add_backend $i gre
		serve_http $i
	done
}

# unready: and b4, which is no backend yet, but has a server.
unready() {
	world
	add_ns b4
	in_ns b4 sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0 net.ipv4.conf.default.rp_filter=1
	attach b4 10.0.0.4/24 10.0.0.254 2001:db8::4/64 2001:db8::fe
	ip -n "$NS-router" link set b4 master backends
	serve_http 4
}

# served: and a service of all three.
served() {
	local i

	world
	lb ipvsadm -A -t $VIP:80 -s maglev
	for i in 1 2 3; do
		lb ipvsadm -a -t $VIP:80 -r 10.0.0.$i:80 -i --tun-type gre
	done
}

forget() { rm -rf /run/maglevd* /run/maglev-dpdk /etc/modprobe.d/ip_vs_maglev*.conf /etc/maglev; }

# follow WORLD DOCUMENT: as it is printed. MACHINES: names of namespaces.
follow() {
	local name on=() status=0

	echo "# $2"
	WORK=$(mktemp -d)
	chmod 711 "$WORK"
	unload_module
	modprobe -r ip_vs_mh ip_vs 2>/dev/null || true
	forget
	install -D -m 644 "$TOP/userspace/maglevd/maglevd.yaml" /etc/maglev/maglevd.yaml
	ln -sf "$TOP"/build/maglev{adm,d} /usr/sbin
	"$1"
	for name in $MACHINES; do
		on+=(--on "$name=nsenter --net=/run/netns/$NS-$name")
	done
	mkdir "$WORK/home"
	(cd "$WORK/home" && HOME=$PWD exec "$TOP/selftests/documents/run" ${MAGLEV_SHOW:+--show} "${on[@]}" "$TOP/$2") || status=1
	clean_topology
	forget # or the next test's services were maglevd's
	[ $status = 0 ] || fail "$2: see above"
}

MACHINES='client lb b1 b2 b3 router'

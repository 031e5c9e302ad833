#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Examples of manual pages do what they say.
. "$(dirname "$0")/world.sh"

# bare: b1 to b3 are no backends yet.
bare() {
	local i

	setup_topology
	for i in 1 2 3; do
		add_ns b$i
		attach b$i "10.0.0.$i/24" 10.0.0.254 "2001:db8::$i/64" 2001:db8::fe
		ip -n "$NS-router" link set b$i master backends
	done
}

follow bare Documentation/man/ip_vs_maglev.7
follow served Documentation/man/maglevadm.8
follow world Documentation/man/maglevd.8
follow world Documentation/man/maglevd.yaml.5
if [ -e "$TOP/build/maglev-dpdk" ]; then
	follow bare Documentation/man/maglev-dpdk.8
else
	echo "# maglev-dpdk is not built"
fi

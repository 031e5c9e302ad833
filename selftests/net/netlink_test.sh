#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The netlink family: what it tells, what it changes, what it refuses and how, events, and bytes nobody would send. The
# tests are netlink_cases.py, in the balancer's namespace of lib.sh's topology, beside another one.
. "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || skip "python3 is missing"
setup_topology
# There are no backends, and nobody is to say so: what comes for them is gone without an ICMP error.
ips router <<-END
	addr del 10.0.0.254/24 dev backends
	route add blackhole 10.0.0.0/16
END
# shellcheck disable=SC2119 # with no parameter
load_module
add_ns other
lb env MAGLEVADM="$MAGLEVADM" PYTHONDONTWRITEBYTECODE=1 python3 "$TOP/selftests/net/netlink_cases.py" "$NS" ||
	fail "see above"
finish

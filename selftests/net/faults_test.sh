#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every control path while the kernel's allocations fail, one after the other: what fails says so and leaves all as it
# was, what cannot fail is made good for, and the next try does it. The tests are faults_cases.py, in the balancer's
# namespace of lib.sh's topology. FAULTS="NAME...": only these of them.
. "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || skip "python3 is missing"
if [ ! -e /proc/self/fail-nth ] || [ ! -d /sys/kernel/debug/failslab ] ||
	[ ! -d /sys/kernel/debug/fail_page_alloc ]; then
	skip "this kernel fails no allocations on demand: make check-debug KERNELS=debug"
fi
setup_topology
# There are no backends, and nobody is to say so: what comes for them is gone without an ICMP error.
ips router <<-END
	addr del 10.0.0.254/24 dev backends
	route add blackhole 10.0.0.0/16
END
load_module table_size=251
lb env MAGLEVADM="$MAGLEVADM" PYTHONDONTWRITEBYTECODE=1 python3 "$TOP/selftests/net/faults_cases.py" "$NS" ||
	fail "see above"
finish

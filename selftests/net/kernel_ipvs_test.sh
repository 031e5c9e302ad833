#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's own test of IPVS (direct routing, masquerading, tunnel), from the source of the kernel that runs, with our
# scheduler in place of its own. Only "scripts/fetch-kernel --source" has that source.
. "$(dirname "$0")/lib.sh"

series=$(uname -r | cut -d . -f -2)
source=$("$TOP/scripts/fetch-kernel" "$series" 2>/dev/null | sed -n 's|^scripts=\(.*\)/scripts$|\1|p')
selftests=$source/tools/testing/selftests
case $series in
6.1) test=netfilter/ipvs.sh ;;
*) test=net/netfilter/ipvs.sh ;;
esac
[ -e "$selftests/$test" ] || skip "no source of kernel $series: scripts/fetch-kernel --source $series"
command -v socat >/dev/null || skip "socat is missing"

start_tracing
# Older ones use netcat, of which there are many; newer ones socat. Emulation is slow.
cp -r "$selftests" "$WORK/selftests"
cd "$WORK/selftests/$(dirname $test)"
sed -i 's/ -s rr$/ -s maglev/
	s/timeout \([25]\) /timeout \10 /
	s/sleep 0\.2$/sleep 2/
	s/ nc -l -p 8080 / timeout 50 socat -u -4 TCP-LISTEN:8080,reuseaddr STDOUT /
	s/ nc -w 1 \([^ ]*\) \([^ ]*\) / socat -u -4 STDIN TCP:\1:\2 /' ipvs.sh
expect "services with our scheduler" 3 "$(grep -c -e '-s maglev$' ipvs.sh)"
expect "services with another" 0 "$(grep -e 'ipvsadm -A' ipvs.sh | grep -vc -e '-s maglev$' || true)"
mark_log
bash ./ipvs.sh || fail "the kernel's own test fails"
expect_range "tables published" 3 100 "$(count_published)"
expect "lines logged" "" "$(logged 'ip_vs_maglev:' || true)"

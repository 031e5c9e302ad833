#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# "make dkms-install" adds, builds and installs the module for this kernel, and the kernel then
# loads that one; "dkms remove" takes it away again.
. "$(dirname "$0")/lib.sh"

for tool in dkms gcc make; do
	command -v $tool >/dev/null || skip "$tool is missing"
done
release=$(uname -r)
modules=/lib/modules/$release
[ -e "$modules/build/Makefile" ] || skip "linux-headers-$release is missing"
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$TOP/dkms.conf")

cleanup() {
	dkms remove "ip-vs-maglev/$version" --all >/dev/null 2>&1 || true
	! mountpoint -q "$WORK/modules" || umount "$modules" "$WORK/modules"
	clean_topology
}

# put_small_tree: DKMS runs depmod, which reads every module of the kernel: minutes where they are
# on a file system shared with the host. So put a tree of what IPVS needs, in memory, over them;
# for all to see, as the kernel runs modprobe outside of any mount namespace of ours.
put_small_tree() {
	local tree=$WORK/modules file

	mkdir "$tree"
	mount -t tmpfs modules "$tree"
	cp "$modules"/modules.{order,builtin,builtin.modinfo} "$tree"
	ln -s "$(realpath "$modules/build")" "$tree/build"
	modprobe --show-depends ip_vs | awk '$1 == "insmod" { print $2 }' >"$WORK/files"
	while read -r file; do
		install -D -m 644 "$file" "$tree/kernel/${file#*/kernel/}"
	done <"$WORK/files"
	mount --bind "$tree" "$modules"
}

unload_module
trap cleanup EXIT
put_small_tree
start=$SECONDS
make -s -C "$TOP" dkms-install >"$WORK/log" 2>&1 || fail "make dkms-install: $(tail -n 20 "$WORK/log")"
echo "make dkms-install took $((SECONDS - start)) s"
grep -q "^ip-vs-maglev/$version, $release, .*: installed" <<<"$(dkms status)" || fail "status: $(dkms status)"
file=$(modinfo -n ip_vs_maglev)
[[ $file == "$modules"/updates/dkms/ip_vs_maglev.ko* ]] || fail "the module is $file"

modprobe ip_vs_maglev || fail "the module does not load"
for field in version srcversion; do
	expect "loaded $field" "$(modinfo -F $field "$file")" "$(cat /sys/module/ip_vs_maglev/$field)"
done
rmmod ip_vs_maglev
add_ns lb
lb ipvsadm -A -t $VIP:80 -s maglev || fail "the module does not load by itself"
ip netns del "$NS-lb"
unload_module

dkms remove "ip-vs-maglev/$version" --all >"$WORK/log" 2>&1 || fail "dkms remove: $(tail "$WORK/log")"
! modinfo ip_vs_maglev >/dev/null 2>&1 || fail "dkms remove left the module"

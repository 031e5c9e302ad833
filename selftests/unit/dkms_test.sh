#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# "make dkms-install" adds, builds and installs the module for each kernel we test on: the very
# module the virtual machines load. Done here, in a mount namespace whose /usr/src, /var/lib/dkms
# and /lib/modules are our own: under an emulated CPU the compiler takes minutes.
set -u

cd "$(dirname "$0")/../.." || exit
PATH=$PATH:/usr/sbin:/sbin
if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP root is missing"
	exit 4
fi
command -v dkms >/dev/null || { echo "1..0 # SKIP dkms is missing"; exit 4; }
[ -n "${DKMS_TEST_INSIDE:-}" ] || DKMS_TEST_INSIDE=1 exec unshare -m selftests/unit/dkms_test.sh
tmp=$(mktemp -d)
trap 'umount -l "$tmp" && rmdir "$tmp"' EXIT
. selftests/unit/tap.sh
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

# same FIELD: of the module DKMS installed for $release and of ours.
same() {
	[ "$(modinfo -F "$1" "$file")" = "$(modinfo -F "$1" "$ours")" ]
}

# try_on SERIES: on that kernel.
try_on() {
	local tree facts release kdir file ours

	if ! { facts=$(scripts/fetch-kernel "$1") && tree=$(scripts/test-modules "$1"); } 2>"$tmp/log"; then
		report "kernel_$1" 1
		return
	fi
	release=$(sed -n 's/^release=//p' <<<"$facts")
	kdir=$(sed -n 's/^kdir=//p' <<<"$facts")
	ours=$tree/updates/ip_vs_maglev.ko
	mkdir -p "/lib/modules/$release"
	ln -s "$kdir" "/lib/modules/$release/build"
	cp "$tree"/modules.{order,builtin*} "/lib/modules/$release"
	make -s dkms-install KERNELRELEASE="$release" >"$tmp/log" 2>&1
	report "make_dkms_install_on_$1" $?
	dkms status >"$tmp/log"
	grep -q "^ip-vs-maglev/$version, $release, .*: installed" "$tmp/log"
	report "dkms_says_installed_on_$1" $?
	file=$(modinfo -k "$release" -n ip_vs_maglev 2>"$tmp/log")
	[[ $file == */"$release"/updates/dkms/ip_vs_maglev.ko* ]] && same version && same srcversion && same vermagic
	report "modprobe_finds_the_module_the_tests_load_on_$1" $?
	dkms remove "ip-vs-maglev/$version" --all >"$tmp/log" 2>&1 &&
		! modinfo -k "$release" ip_vs_maglev >>"$tmp/log" 2>&1
	report "dkms_remove_takes_it_away_on_$1" $?
}

# As the headers in the kernel cache do not live there, nobody misses what these hide.
mkdir -p /var/lib/dkms /usr/src /lib/modules
mount -t tmpfs dkms "$tmp" # goes with the namespace
for dir in /var/lib/dkms /usr/src /lib/modules; do
	mkdir -p "$tmp$dir"
	mount --bind "$tmp$dir" $dir
done
try_on 6.1
try_on 6.12
echo "1..$n"
exit $status

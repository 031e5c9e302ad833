#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What "make" promises: it builds without headers and without root, install goes where it is
# told, help lists every target, dkms.conf, packages and the sources name one version.
set -u

cd "$(dirname "$0")/../.." || exit
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
. selftests/unit/tap.sh

make_here() {
	MAKEFLAGS='' make -C "$tmp/tree" "$@" >"$tmp/log" 2>&1
}

mkdir "$tmp/tree"
cp -r Makefile Kbuild dkms.conf include core kmod userspace scripts Documentation "$tmp/tree"

make_here KDIR=/nonexistent && grep -q 'skipped.*linux-headers-' "$tmp/log"
report "make_without_headers_builds_the_rest_and_names_the_package" $?
! make_here module KDIR=/nonexistent && grep -q 'linux-headers-' "$tmp/log"
report "make_module_without_headers_fails" $?
make_here install DESTDIR="$tmp/root" PREFIX=/usr && "$tmp/root/usr/sbin/maglevadm" --version >>"$tmp/log" &&
	[ -s "$tmp/root/usr/share/man/man8/maglevadm.8" ]
report "make_install_puts_command_and_manual_under_destdir" $?
unit=$tmp/root/usr/lib/systemd/system/maglevd.service
sed "s|=/usr/|=$tmp/root/usr/|" "$unit" >"$tmp/maglevd.service" &&
	systemd-analyze verify --man=no "$tmp/maglevd.service" >"$tmp/log" 2>&1
report "the_unit_is_what_systemd_reads" $?
systemd-analyze security --offline=true --threshold=30 "$unit" >"$tmp/log" 2>&1
report "the_unit_is_hardened" $?
missing=0
make_here help
while read -r target; do
	grep -q "make $target " "$tmp/log" || { echo "not in make help: $target" >>"$tmp/log"; missing=1; }
done < <(sed -n 's/^\.PHONY: //p' Makefile | tr ' ' '\n')
report "make_help_lists_every_target" $missing
gcc -std=gnu11 -Wall -Wextra -Werror -fsyntax-only -Iinclude selftests/bench/*.c >"$tmp/log" 2>&1
report "benchmarks_compile" $?
version=$(sed -n 's/.*MAGLEV_VERSION "\(.*\)"/\1/p' include/maglev/version.h)
grep -q "PACKAGE_VERSION=\"$version\"" dkms.conf && grep -q "^## $version " CHANGELOG.md &&
	head -n 1 debian/changelog | grep -q "($version)" && [ "$(grep -lE "^Version: +$version\$" rpm/*.spec | wc -l)" = 2 ]
report "one_version_everywhere" $?
if [ "$(id -u)" = 0 ]; then
	chmod -R a+rX "$tmp" && chown -R nobody "$tmp/tree" && rm -rf "$tmp/tree/build" &&
		setpriv --reuid nobody --clear-groups env HOME="$tmp/tree" make -C "$tmp/tree" KDIR=/nonexistent \
			>"$tmp/log" 2>&1
	report "make_needs_no_root" $?
fi
echo "1..$n"
exit $status

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Clean roots of Debian 12, 13 and unstable, to be sourced by root in a mount namespace of its own. They are overlays over
# a minimal system that is kept, with what apt has fetched for it, in $kept. The caller sets suite and kept, and update to
# have it made anew. What is in /packages is the caller's.
# shellcheck disable=SC2154

cache=${MAGLEV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ip-vs-maglev}
mirror=${MAGLEV_MIRROR:-http://deb.debian.org/debian}
PATH=$PATH:/usr/sbin:/sbin
search=/packages/pretended:/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p "$cache"

# make_base: a minimal system of $suite. Its kernel is the point release's, often older than the one that virtual machines
# boot, which is security's: stable kernels change IPVS. A mirror that stands still for weeks will do: it is signed.
make_base() {
	local name

	[ -z "$update" ] || rm -rf "$kept"
	[ ! -d "$kept/base" ] || return 0
	case $suite in
	12) name=bookworm ;;
	13) name=trixie ;;
	*) name=sid ;;
	esac
	rm -rf "$kept"
	mkdir -p "$kept/archives"
	mmdebstrap --quiet --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' "$name" \
		"$kept/base.new" "$mirror" && mv "$kept/base.new" "$kept/base"
}

# mount_root DIRECTORY LOWER: $root: a copy-on-write view of LOWER, what is written stays in DIRECTORY; with what it takes
# to run apt in it, and no services.
mount_root() {
	root=$1/root
	mkdir -p "$root" "$1/upper" "$1/work"
	mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" overlay "$root" || return
	mount -t proc proc "$root/proc"
	mount --bind "$kept/archives" "$root/var/cache/apt/archives"
	mkdir -p "$root/packages"
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod +x "$root/usr/sbin/policy-rc.d"
	echo 'Binary::apt-get::APT::Keep-Downloaded-Packages "true";' >"$root/etc/apt/apt.conf.d/90keep"
}

# inside COMMAND...: in $root, with no variables of ours. No kernel that is installed there makes an initramfs.
inside() {
	chroot "$root" env -i "PATH=$search" HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		INITRD=No "$@"
}

apt() {
	inside apt-get -q -y -o Dpkg::Use-Pty=0 -o "DPkg::Path=$search" --no-install-recommends "$@"
}

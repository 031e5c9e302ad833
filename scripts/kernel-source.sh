# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What building a kernel from the Debian package of its source takes, to be sourced. The caller sets config, the
# fragment of its configuration, unless KERNEL_CONFIG names another; work, a directory that goes when it exits, comes
# from unpack_source.
: "${config:?}"
config=${KERNEL_CONFIG:-$config}

die() { echo "$(basename "$0"): $*" >&2; exit 1; }
note() { echo "$(basename "$0"): $*" >&2; }

# quietly COMMAND...: what it says goes to the log, and from there to the user if it fails.
quietly() {
	"$@" >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; die "this failed: $*"; }
}

# check_config: a line of the fragment that Kconfig drops, as something that it depends on is off, is a mistake.
check_config() {
	local dropped

	dropped=$(
		grep '^CONFIG_' "$config" | grep -vxFf .config || :
		sed -n 's/^# \(CONFIG_[A-Z0-9_]*\) is not set$/\1=y/p' "$config" | grep -xFf - .config || :
	)
	[ -z "$dropped" ] || die "the kernel has it otherwise than $config: $dropped"
}

# report FILES: copy to the log what make says, and say each minute how far it is.
report() {
	local minutes=0 files=0 line

	SECONDS=0
	while read -r line; do
		echo "$line"
		[[ $line != CC* ]] || files=$((files + 1))
		[ $((SECONDS / 60)) != $minutes ] || continue
		minutes=$((SECONDS / 60))
		note "$minutes min, $files of about $1 files"
	done >"$work/log"
}

# need_tools TARGET TOOL...: scripts/need TARGET installs them.
need_tools() {
	local target=$1 tool

	shift
	for tool; do
		command -v "$tool" >/dev/null || die "$tool is missing: scripts/need $target names all packages"
	done
}

# unpack_source DEB: beside it, and go there.
unpack_source() {
	local source

	work=$(mktemp -d "$(dirname "$1")/build.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	mkdir "$work/linux"
	cd "$work/linux" || die "cannot work beside $1"
	note "unpacking the source"
	source=$(dpkg-deb -c "$1" | grep -Eo './usr/src/[^ ]*\.tar\.xz$')
	dpkg-deb --fsys-tarfile "$1" | tar -xO "$source" | xz -dcT0 | tar -x --strip-components=1
}

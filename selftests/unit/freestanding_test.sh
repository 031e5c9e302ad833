#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The core needs nothing: compiled freestanding for 64 and 32 bit with kernel uapi headers
# alone, it asks the linker for three memory functions, keeps no data and uses no float; and
# both word sizes give the same golden vectors.
# TAP on stdout; exit 0 passed, 1 failed, 4 something was skipped. CC and OUT may be given.
set -u

cd "$(dirname "$0")/../.." || exit 1
CC=${CC:-gcc}
work=$(mktemp -d "${OUT:-${TMPDIR:-/tmp}}/freestanding.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

number=0 failed=0 skipped=0

# report RESULT NAME: RESULT 0 passed; shows $work/log of what failed
report()
{
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $number - $2"
	sed 's/^/# /' "$work/log"
}

skip() # NAME MISSING
{
	number=$((number + 1))
	skipped=$((skipped + 1))
	echo "ok $number - $1 # SKIP $2 is missing"
}

# The kernel's user headers in a directory of their own: beside them stands libc.
uapi()
{
	mkdir -p "$work/uapi"
	ln -sf /usr/include/linux /usr/include/asm-generic "$work/uapi/"
	for asm in "/usr/include/$($CC -print-multiarch 2>/dev/null)/asm" /usr/include/asm; do
		if [ -d "$asm" ]; then
			ln -sfn "$asm" "$work/uapi/asm"
			return
		fi
	done
	return 1
}

# compile BITS SOURCE OBJECT [FLAG...]
compile()
{
	bits=$1 source=$2 object=$3
	shift 3
	# shellcheck disable=SC2046,SC2086 # lists of words
	$CC -std=gnu11 -O2 -Wall -Wextra -Werror -ffreestanding -nostdinc -fno-pic \
		-fno-stack-protector -fno-common -isystem "$($CC -print-file-name=include)" \
		-isystem "$work/uapi" -Iinclude $(machine "$bits") $registers "$@" \
		-c -o "$object" "$source" >"$work/log" 2>&1
}

machine() # BITS
{
	case $(uname -m) in
	x86_64) echo "-m$1" ;;
	esac
}

each_core_file_compiles()
{
	for source in core/*.c; do
		compile "$1" "$source" "$work/$1/$(basename "$source" .c).o" || return 1
	done
}

each_header_compiles_alone()
{
	for header in include/maglev/*.h; do
		echo "#include <maglev/$(basename "$header")>" >"$work/alone.c"
		compile "$1" "$work/alone.c" "$work/alone.o" || return 1
	done
}

# What no object defines. On 32 bit, libgcc divides 64-bit numbers.
undefined_are_known()
{
	known='maglev_[a-z0-9_]*|memcpy|memset|memcmp'
	[ "$1" = 64 ] || known="$known|__u?divdi3|__u?moddi3|__u?divmoddi4"
	nm -u "$work/$1"/*.o | sed -n 's/^ *U //p' | sort -u >"$work/undefined"
	! grep -vxE "$known" "$work/undefined" >"$work/log"
}

maglev_symbols_are_defined_in_core()
{
	nm --defined-only "$work/$1"/*.o | sed -n 's/.* T //p' | sort -u >"$work/defined"
	grep '^maglev_' "$work/undefined" | comm -23 - "$work/defined" >"$work/log"
	[ ! -s "$work/log" ]
}

exports_are_named_maglev()
{
	! grep -v '^maglev_' "$work/defined" >"$work/log"
}

no_writable_data()
{
	size -A "$work/$1"/*.o |
		awk '/^[^ ]*:/ || / :$/ { file = $1 }
		     $1 ~ /^\.(data|bss|tdata|tbss)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0 {
			     print file, $1, $2 " bytes" }' >"$work/log"
	nm "$work/$1"/*.o | grep -E ' [dDbBcC] ' >>"$work/log"
	[ ! -s "$work/log" ]
}

# The kernel's limit on 32 bit, and no array of a length found at run time.
small_frames()
{
	for source in core/*.c; do
		compile "$1" "$source" "$work/frame.o" -Wframe-larger-than=1024 -Wvla || return 1
	done
}

# General registers alone: on x86 what is left of float would be libgcc calls, found above;
# elsewhere the compiler refuses.
test_word_size()
{
	mkdir -p "$work/$1"
	each_core_file_compiles "$1"
	report $? "core_compiles_freestanding_$1"
	each_header_compiles_alone "$1"
	report $? "each_header_compiles_alone_$1"
	undefined_are_known "$1"
	report $? "core_needs_only_memory_functions_$1"
	maglev_symbols_are_defined_in_core "$1"
	report $? "core_defines_what_it_uses_$1"
	exports_are_named_maglev
	report $? "core_exports_only_its_prefix_$1"
	no_writable_data "$1"
	report $? "core_has_no_writable_data_$1"
	small_frames "$1"
	report $? "core_frames_are_below_1_kib_$1"
}

has_libc() # BITS
{
	printf '#include <stdio.h>\nint main(void) { puts("x"); return 0; }\n' >"$work/hello.c"
	# shellcheck disable=SC2046 # a list of words
	$CC $(machine "$1") -o "$work/hello" "$work/hello.c" 2>/dev/null && "$work/hello" >/dev/null
}

golden() # BITS
{
	# shellcheck disable=SC2046 # a list of words
	$CC -std=gnu11 -O2 $(machine "$1") -Iinclude -o "$work/golden$1" selftests/unit/golden.c \
		core/*.c >"$work/log" 2>&1 || return 1
	"$work/golden$1" >"$work/golden$1.tap"
	status=$?
	grep '^not ok' "$work/golden$1.tap" >"$work/log"
	return $status
}

test_golden()
{
	golden 64
	report $? "golden_vectors_64"
	if ! has_libc 32; then
		skip golden_vectors_32 "gcc-multilib (libc for -m32)"
		return
	fi
	golden 32
	report $? "golden_vectors_32"
	diff "$work/golden64.tap" "$work/golden32.tap" >"$work/log" 2>&1
	report $? "tables_are_the_same_on_32_and_64_bit"
}

echo "TAP version 13"
if ! command -v "$CC" >/dev/null || ! command -v nm >/dev/null; then
	echo "1..0 # SKIP $CC or nm is missing (packages gcc, binutils)"
	exit 4
fi
if ! uapi; then
	echo "1..0 # SKIP asm/types.h is missing (package linux-libc-dev)"
	exit 4
fi
registers=-mgeneral-regs-only
test_word_size 64
: >"$work/empty.c"
if [ "$(uname -m)" = x86_64 ] && compile 32 "$work/empty.c" "$work/empty.o"; then
	test_word_size 32
else
	skip core_compiles_freestanding_32 "a compiler with -m32 (package gcc-multilib on amd64)"
fi
test_golden
echo "1..$number"
[ $failed -eq 0 ] || exit 1
[ $skipped -eq 0 ] || exit 4

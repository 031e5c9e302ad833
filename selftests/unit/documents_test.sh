#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What runs the documents' commands: it runs all that is there, in order, believes no output that differs, and leaves out
# only what says why.
# shellcheck disable=SC2016,SC2317 # backticks in single quotes are Markdown's; promise calls functions
set -u

here=$(cd "$(dirname "$0")" && pwd)
run=$here/../documents/run
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
. "$here/tap.sh"
cd "$tmp" || exit

# document LINE...: its lines, in d.md.
document() { printf '%s\n' "$@" >d.md; }
passes() { "$run" --on lb=env --on other='env THERE=1' "${1:-d.md}" >"$tmp/log" 2>&1; }
fails() { ! passes "$@"; }

# promise NAME COMMAND...
promise() {
	local name=$1

	shift
	"$@"
	report "$name" $?
}

document '```sh' 'echo one >file' '```' '```sh other' 'echo $THERE >>file' '```' '```sh' 'cat >>file <<END' two END '```'
promise blocks_run_in_order_on_their_machines passes
promise and_did_what_they_say test "$(paste -sd ' ' file)" = "one 1 two"
document '```sh' false 'echo late >file' '```'
promise a_command_that_fails_ends_it fails
promise and_nothing_follows test "$(paste -sd ' ' file)" = "one 1 two"
document '```console' '# echo one; echo two 3 four' one 'two ... four' '# printf "a\nb\nc\n"' '[...]' c '```'
promise output_is_compared passes
document '```console' '# echo one; echo two' one '```'
promise a_line_too_many_is_seen fails
document '```console' '# echo one' 'one' 'two' '```'
promise a_line_that_is_missing_is_seen fails
document '```console' '# echo one' 'on.' '```'
promise a_dot_is_a_dot fails
document '<!-- exit 3 -->' '```console' '# echo one; exit 3' one '```'
promise another_status_may_be_expected passes
document '<!-- exit 3 -->' '```sh' true '```'
promise and_none_else fails
echo 0 >count
document '<!-- in a while -->' '```console' '# echo $(($(cat count) + 1)) >count; cat count' 3 '```'
promise some_things_take_a_while passes
document '<!-- until interrupted -->' '```sh' 'sleep 1000' '```'
promise what_does_not_end_is_interrupted passes
document '<!-- not run: there is a reason -->' '```sh' false '```'
promise a_reason_leaves_out passes
promise and_is_printed grep -q '^ok 1 .* # SKIP there is a reason$' "$tmp/log"
document '```sh' 'sleep 1000 & echo $! >pid' '```'
promise daemons_may_be_started passes
promise and_are_ended sh -c '! kill -0 "$(cat pid)" 2>/dev/null'
document 'Words' '' '    indented'
promise commands_cannot_hide_by_indentation fails
document '```' 'echo' '```'
promise a_block_says_what_it_is fails
printf '%s\n' '.SH DESCRIPTION' .EX false .EE '.SH EXAMPLES' .PP .EX 'echo a\-b >man' .EE '.\" not run: a reason' .EX false .EE >d.1
promise manual_pages_have_examples passes d.1
promise as_they_are_shown test "$(cat man)" = a-b
echo "1..$n"
exit $status

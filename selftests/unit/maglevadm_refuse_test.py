#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""maglevadm table and bad input: status 2, nothing on stdout, one line that helps.

The first line on stderr names the value and what is accepted; keys are never repeated.
TAP on stdout; exit 0 passed, 1 failed, 4 skipped. Arguments choose tests by name.
"""

import re
import sys
import tempfile

sys.dont_write_bytecode = True
from cli import GOLDEN, KEY_TEXT, SMALL, TCP, run, run_tests

SIZE_ACCEPTED = r"prime|251"
WEIGHT_ACCEPTED = r"2147483647|weight"
PORT_ACCEPTED = r"65535|port"
SHARE_ACCEPTED = r"100"
WORD_ACCEPTED = r"down.*drain.*share|share.*down.*drain"
ADDRESS_ACCEPTED = r"address|IPv[46]|\[|port"
FLOW_ACCEPTED = r"tcp|address|port|IPv[46]|famil"
TESTS = []


def refused(words, value, accepted, text="", secret=None):
    """Runs it in text and in JSON; says all that is wrong with the refusal."""
    for options in ([], ["-j"]):
        done = run(*options, *words, text=text)
        first = (done.stderr.splitlines() or [""])[0]
        wrong = []
        if done.returncode != 2:
            wrong.append(f"exit status {done.returncode}, expected 2")
        if done.stdout:
            wrong.append(f"stdout has {done.stdout[:80]!r}")
        if value not in first:
            wrong.append(f"first line does not name {value!r}")
        if not re.search(accepted, first, re.I):
            wrong.append(f"first line does not say what is accepted ({accepted})")
        if secret and secret.lower() in (done.stdout + done.stderr).lower():
            wrong.append("shows the key")
        if wrong:
            raise AssertionError(f"{options + words}: {'; '.join(wrong)}; stderr: {done.stderr!r}")


def case(name, words, value, accepted, **more):
    def check():
        refused(["table", *words], value, accepted, **more)

    check.__name__ = name
    TESTS.append(check)


def label(text):
    return re.sub(r"[^A-Za-z0-9.]+", "_", text).strip("_") or "nothing"


def refuse_sizes():
    for size in ("252", "250", "241", "0", "-1", "1048583", "1048574", "4294967547",
                 "18446744073709551867", "abc", "251x", "2.5", "0x101", " 251"):
        case(f"build_refuses_size_{label(size)}", ["build", "--size", size, *GOLDEN], size,
             SIZE_ACCEPTED)
    case("build_refuses_an_empty_size", ["build", "--size", "", *GOLDEN], "size", SIZE_ACCEPTED)
    case("lookup_refuses_a_composite_size", ["lookup", *TCP, "--size", "65536", *GOLDEN],
         "65536", SIZE_ACCEPTED)
    case("diff_refuses_a_composite_size", ["diff", "--size", "65536", *GOLDEN, "--", *GOLDEN],
         "65536", SIZE_ACCEPTED)


def refuse_keys():
    for name, key in (
        ("short", KEY_TEXT[1:]),
        ("long", KEY_TEXT + "0"),
        ("of_other_letters", "g" + KEY_TEXT[1:]),
        ("with_0x", "0x" + KEY_TEXT),
        ("of_32_with_0x", "0x" + KEY_TEXT[2:]),
        ("with_a_blank", " " + KEY_TEXT[1:]),
    ):
        case(f"build_refuses_a_key_{name}", ["build", "--key", key, *GOLDEN], "key", "32 hex",
             secret=key)
    case("build_refuses_an_empty_key", ["build", "--key", "", *GOLDEN], "key", "32 hex")
    case("refusals_do_not_show_a_good_key", ["build", *SMALL, "10.0.0.1:80=x"], "x",
         WEIGHT_ACCEPTED, secret=KEY_TEXT)
    case("lookup_refuses_a_short_key", ["lookup", *TCP, "--key", "c0ffee", *GOLDEN], "key",
         "32 hex", secret="c0ffee")


def refuse_weights_and_words():
    for weight in ("2147483648", "4294967297", "18446744073709551617", "-1", "1.5", "abc",
                   "0x10", "5k"):
        case(f"build_refuses_weight_{label(weight)}", ["build", f"10.0.0.1:80={weight}"], weight,
             WEIGHT_ACCEPTED)
    case("build_refuses_an_empty_weight", ["build", "10.0.0.1:80="], "10.0.0.1:80=",
         WEIGHT_ACCEPTED)
    case("build_refuses_a_missing_weight", ["build", "10.0.0.1:80"], "10.0.0.1:80",
         WEIGHT_ACCEPTED)
    for share in ("101", "256", "300", "4294967296", "-1", "abc", "5%"):
        case(f"build_refuses_share_{label(share)}", ["build", f"10.0.0.1:80=1,share={share}"],
             share, SHARE_ACCEPTED)
    case("build_refuses_an_empty_share", ["build", "10.0.0.1:80=1,share="], "share",
         SHARE_ACCEPTED)
    for word in ("upp", "DOWN", "downn", "dow", "draining", "shared=5", "share"):
        case(f"build_refuses_word_{label(word)}", ["build", f"10.0.0.1:80=1,{word}"], word,
             f"{WORD_ACCEPTED}|share=")
    case("build_refuses_a_comma_at_the_end", ["build", "10.0.0.1:80=1,"], "10.0.0.1:80=1,",
         WORD_ACCEPTED)


def refuse_endpoints():
    for port in ("65536", "65616", "-1", "abc", "80x", "4294967376"):
        case(f"build_refuses_port_{label(port)}", ["build", f"10.0.0.1:{port}=1"], port,
             PORT_ACCEPTED)
    for name, backend in (
        ("no_port", "10.0.0.1=1"),
        ("an_empty_port", "10.0.0.1:=1"),
        ("ipv6_without_port", "[2001:db8::1]=1"),
        ("ipv6_without_brackets", "2001:db8::1:80=1"),
        ("an_open_bracket", "[2001:db8::1:80=1"),
        ("ipv4_in_brackets", "[10.0.0.1]:80=1"),
        ("three_octets", "10.0.0:80=1"),
        ("five_octets", "10.0.0.1.1:80=1"),
        ("octet_256", "10.0.0.256:80=1"),
        ("a_name", "localhost:80=1"),
        ("no_address", ":80=1"),
        ("empty_brackets", "[]:80=1"),
        ("a_zone", "[fe80::1%eth0]:80=1"),
        ("bad_ipv6", "[2001:db8:::1]:80=1"),
        ("v4_mapped_ipv6", "[::ffff:10.0.0.1]:80=1"),
        ("v4_mapped_ipv6_in_hex", "[::ffff:a00:1]:80=1"),
    ):
        case(f"build_refuses_{name}", ["build", backend], backend.partition("=")[0].strip("[]:"),
             ADDRESS_ACCEPTED)


def refuse_sets():
    many = [f"10.0.{i // 100}.{i % 100}:80=1" for i in range(252)]
    case("build_refuses_more_backends_than_slots", ["build", "--size", "251", *many], "252",
         "251")
    for name, twins in (
        ("", ["10.0.0.1:80=1", "10.0.0.1:80=2"]),
        ("_in_other_words", ["[2001:db8::1]:80=1", "[2001:DB8:0:0::1]:80=1"]),
        ("_of_weight_zero", ["10.0.0.1:80=1", "10.0.0.1:80=0"]),
    ):
        case(f"build_refuses_duplicates{name}", ["build", "10.0.0.9:80=1", *twins],
             twins[1].partition("=")[0], "twice|duplicate|once|already")
    case("diff_refuses_duplicates_in_new",
         ["diff", *GOLDEN, "--", "10.0.0.1:80=1", "10.0.0.1:80=2"], "10.0.0.1:80",
         "twice|duplicate|once|already")
    case("build_refuses_a_bad_line_on_stdin", ["build", "-f", "-"], "10.0.0.300",
         ADDRESS_ACCEPTED, text="10.0.0.1:80=1\n10.0.0.300:80=1\n")
    case("build_refuses_duplicates_on_stdin", ["build", "-f", "-"], "10.0.0.1:80",
         "twice|duplicate|once|already", text="10.0.0.1:80=1\n10.0.0.1:80=1\n")


def refuse_grammar():
    case("unknown_verb_is_refused", ["frobnicate"], "frobnicate", "build.*lookup.*diff")
    case("unknown_option_is_refused", ["build", "--frob", *GOLDEN], "--frob", "--size|--key|-f")
    case("shortened_verb_is_refused", ["buil", *GOLDEN], "buil", "build.*lookup.*diff")
    case("option_without_value_is_refused", ["build", *GOLDEN, "--size"], "--size", ".")
    for mode in ("foo", "TUPLE", "src"):
        case(f"build_refuses_hash_{mode}", ["build", "--hash", mode, *GOLDEN], mode,
             "tuple.*source")
    case("diff_without_dashes_is_refused", ["diff", *GOLDEN], "--", "--")


def refuse_flows():
    for name, protocol in (("a_mistyped_protocol", "tpc"), ("a_protocol_in_capitals", "TCP")):
        flow = [protocol, *TCP[1:]]
        case(f"lookup_refuses_{name}", ["lookup", *flow, *SMALL, *GOLDEN], protocol, "tcp.*udp")
        case(f"lookup_refuses_{name}_on_stdin", ["lookup", *SMALL, *GOLDEN], protocol, "tcp.*udp",
             text=" ".join(flow) + "\n")
    for name, flow, value in (
        ("a_source_without_port", ["tcp", "198.51.100.7", TCP[2]], "198.51.100.7"),
        ("a_source_port", ["tcp", "198.51.100.7:65536", TCP[2]], "65536"),
        ("a_source_address", ["tcp", "198.51.100.777:1", TCP[2]], "198.51.100.777"),
        ("a_destination_address", ["tcp", TCP[1], "192.0.2:80"], "192.0.2"),
        ("ipv6_without_brackets", ["tcp", "2001:db8::7:1", "[2001:db8::1]:80"], "2001:db8::7:1"),
        ("two_families", ["tcp", TCP[1], "[2001:db8::1]:80"], "2001:db8::1"),
    ):
        case(f"lookup_refuses_{name}", ["lookup", *flow, *SMALL, *GOLDEN], value, FLOW_ACCEPTED)
        case(f"lookup_refuses_{name}_on_stdin", ["lookup", *SMALL, *GOLDEN], value, FLOW_ACCEPTED,
             text=" ".join(flow) + "\n")
    case("lookup_refuses_two_words_on_stdin", ["lookup", *SMALL, *GOLDEN], "tcp", FLOW_ACCEPTED,
         text="tcp 198.51.100.7:4242\n")
    case("lookup_refuses_four_words_on_stdin", ["lookup", *SMALL, *GOLDEN], "surplus",
         FLOW_ACCEPTED, text=" ".join(TCP) + " surplus\n")


def refuses_a_missing_file_by_name():
    done = run("table", "build", "-f", "/nonexistent/backends")
    assert done.returncode in (1, 2), f"exit status {done.returncode}"
    assert not done.stdout and "/nonexistent/backends" in done.stderr.splitlines()[0], done


def refuses_a_bad_line_of_a_file_by_its_number():
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("# comment\n\n10.0.0.1:80=1\n10.0.0.2:80=heavy\n")
        file.flush()
        done = run("table", "build", "-f", file.name)
    first = done.stderr.splitlines()[0]
    assert done.returncode == 2 and not done.stdout, done
    assert "heavy" in first and re.search(r"\b4\b", first.replace(file.name, "FILE")), first


refuse_sizes()
refuse_keys()
refuse_weights_and_words()
refuse_endpoints()
refuse_sets()
refuse_grammar()
refuse_flows()
TESTS += [refuses_a_missing_file_by_name, refuses_a_bad_line_of_a_file_by_its_number]

if __name__ == "__main__":
    sys.exit(run_tests(TESTS))

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""maglevadm and bad input: status 2, nothing on stdout, one line that helps.

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
    wrong("drain_refuses_to_wait_twice", ["backend", "drain", *NAMED, "--wait", "--wait"],
          "--wait", "given twice")
    wrong("drain_refuses_to_wait_for_a_time", ["backend", "drain", *NAMED, "--wait", "10m"], "10m",
          "one of: --deadline, --wait")
    for verb in ("down", "up"):
        wrong(f"{verb}_refuses_to_wait", ["backend", verb, *NAMED, "--wait"], "--wait",
              "nothing follows")
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


def wrong(name, words, value, accepted, **more):
    """Bad words of a verb that asks a balancer: refused before one is asked."""
    def check():
        refused(words, value, accepted, **more)

    check.__name__ = name
    TESTS.append(check)


SERVICE = ["tcp", "192.0.2.10:80"]
NAMED = [*SERVICE, "10.0.0.1:80"]


def refuse_services_and_backends():
    for name, service, value, accepted in (
        ("an_unknown_protocol", ["icmp", "192.0.2.10:80"], "icmp", "tcp.*udp.*sctp.*fwmark"),
        ("a_protocol_alone", ["tcp"], "ADDRESS:PORT", "missing"),
        ("an_address_without_port", ["tcp", "192.0.2.10"], "192.0.2.10", "port is missing"),
        ("ipv6_without_brackets", ["udp", "2001:db8::1:53"], "2001:db8::1:53", "brackets"),
        ("port_65536", ["tcp", "192.0.2.10:65536"], "65536", "0 to 65535"),
        ("fwmark_0", ["fwmark", "0"], "0", "1 to 4294967295"),
        ("fwmark_of_33_bits", ["fwmark", "0x100000000"], "0x100000000", "0xffffffff"),
        ("fwmark_of_letters", ["fwmark", "0xzz"], "0xzz", "4294967295"),
        ("fwmark_alone", ["fwmark"], "MARK", "missing"),
    ):
        for verb in (["service", "show"], ["backend", "show"], ["flow", "count"],
                     ["flow", "flush"], ["flow", "show"], ["table", "show"]):
            wrong(f"{'_'.join(verb)}_refuses_{name}", [*verb, *service], value, accepted)
    for verb, rest in (("drain", []), ("down", []), ("up", []), ("weight", ["1"]),
                       ("share", ["1"])):
        where = ["backend", verb]
        wrong(f"backend_{verb}_refuses_no_words", where, "SERVICE", "missing")
        wrong(f"backend_{verb}_refuses_no_backend", [*where, *SERVICE], "BACKEND", "missing")
        wrong(f"backend_{verb}_refuses_a_name", [*where, *SERVICE, "web1", *rest], "web1",
              "address and a port")
        wrong(f"backend_{verb}_refuses_a_word_too_many", [*where, *NAMED, *rest, "now"], "now",
              "nothing follows|--deadline|--force")
    for deadline in ("30", "0s", "-1s", "1.5s", "30sec", "s", "", "25d", "597h"):
        wrong(f"drain_refuses_deadline_{label(deadline)}",
              ["backend", "drain", *NAMED, "--deadline", deadline], "--deadline",
              "500ms, 30s, 5m|1ms to 596 h")
    wrong("drain_refuses_a_deadline_without_time", ["backend", "drain", *NAMED, "--deadline"],
          "--deadline", "value is missing: TIME")
    wrong("drain_refuses_two_deadlines",
          ["backend", "drain", *NAMED, "--deadline", "1s", "--deadline", "2s"], "--deadline",
          "given twice")
    for weight in ("2147483648", "-1", "1.5", "many", "0x1"):
        wrong(f"weight_refuses_{label(weight)}", ["backend", "weight", *NAMED, weight], weight,
              "0 to 2147483647")
    for share in ("101", "-1", "50%", "half"):
        wrong(f"share_refuses_{label(share)}", ["backend", "share", *NAMED, share], share,
              "0 to 100")


def refuse_settings():
    for what in (["service", "set", *SERVICE], ["set"]):
        name = "service_set" if len(what) > 1 else "set"
        wrong(f"{name}_refuses_nothing_to_set", what, "WORD VALUE", "missing")
        wrong(f"{name}_refuses_an_unknown_word", [*what, "tabel-size", "257"], "tabel-size",
              "one of: .*table-size")
        wrong(f"{name}_refuses_a_composite_size", [*what, "table-size", "252"], "252",
              "prime.*251")
        wrong(f"{name}_refuses_two_sizes", [*what, "table-size", "257", "table-size", "263"],
              "table-size", "given twice")
    for words, value, accepted in (
        (["mode", "hash"], "hash", "tuple, source or flag"),
        (["fragments", "yes"], "yes", "on or off"),
        (["timeout", "idle", "5"], "idle", "half-open.*reset"),
        (["timeout", "reset"], "timeout", "value is missing"),
        (["timeout", "reset", "0"], "0", "1 to"),
        (["timeout", "reset", "5s"], "5s", "1 to"),
        (["timeout", "reset", "5", "timeout", "reset", "6"], "reset", "given twice"),
    ):
        wrong(f"service_set_refuses_{label('_'.join(words))}", ["service", "set", *SERVICE, *words],
              value, accepted)
    for words, value, accepted in (
        (["flows", "-1"], "-1", "0 to 4294967295"),
        (["flows", "1k"], "1k", "0 to 4294967295"),
        (["fwmark-mask", "0xfffffffff"], "0xfffffffff", "0xffffffff"),
        (["probe-base", "ff"], "ff", "0xffffffff"),
        (["probe", "yes"], "yes", "on or off"),
        (["hook", "prerouting"], "prerouting", "local, early or none"),
        (["rebuild-delay", "10"], "10", "500ms"),
        (["rebuild-delay", "11s"], "11s", "1ms to 10 s"),
        (["source4", "2001:db8::/64"], "2001:db8::/64", "IPv4 prefix"),
        (["source4", "198.51.100.1"], "198.51.100.1", "IPv4 prefix"),
        (["source4", "198.51.100.0/33"], "33", "1 to 32"),
        (["source6", "2001:db8::/129"], "129", "1 to 128"),
        (["source6", "::ffff:1.2.3.4:5/64"], "::ffff:1.2.3.4:5/64", "IPv6 prefix"),
        (["key"], "key", "value is missing: FILE"),
        (["key", "/nonexistent/key"], "/nonexistent/key", "No such file"),
    ):
        wrong(f"set_refuses_{label('_'.join(words))}", ["set", *words], value, accepted)
    wrong("set_refuses_a_key_on_the_command_line", ["set", "key", KEY_TEXT], "key", "No such file",
          secret=KEY_TEXT)


def refuse_questions():
    flow = ["tcp", "198.51.100.7:4242", "192.0.2.10:80"]
    for verb in (["explain"], ["flow", "find"]):
        name = "_".join(verb)
        wrong(f"{name}_refuses_no_flow", verb, "PROTO CLIENT:PORT VIP:PORT", "missing")
        wrong(f"{name}_refuses_half_a_flow", [*verb, *flow[:2]], "PROTO CLIENT:PORT VIP:PORT",
              "missing")
        wrong(f"{name}_refuses_a_protocol", [*verb, "icmp", *flow[1:]], "icmp", "tcp, udp or sctp")
        wrong(f"{name}_refuses_two_families", [*verb, *flow[:2], "[2001:db8::1]:80"],
              "2001:db8::1", "family")
        wrong(f"{name}_refuses_port_0", [*verb, *flow[:2], "192.0.2.10:0"], "0", "1 to 65535")
        wrong(f"{name}_refuses_a_word_too_many", [*verb, *flow, "please"], "please",
              "one of: flags|nothing follows")
    for words, value, accepted in (
        (["flags", "urg"], "urg", "fin, syn"),
        (["flags", "syn|ack"], "syn|ack", "commas"),
        (["flags", "syn,"], "flags", "fin, syn"),
        (["mark", "-1"], "-1", "4294967295"),
        (["length", "65536"], "65536", "1 to 65535"),
        (["mark", "1", "mark", "1"], "mark", "given twice"),
    ):
        wrong(f"explain_refuses_{label('_'.join(words))}", ["explain", *flow, *words], value,
              accepted)
    wrong("flow_show_refuses_a_state", ["flow", "show", "state", "open"], "open", "half-open.*reset")
    wrong("flow_show_refuses_two_states",
          ["flow", "show", "state", "reset", "state", "reset"], "state", "given twice")
    wrong("stats_refuses_a_word", ["stats", "zero"], "zero", "one of: all")
    wrong("show_refuses_a_word", ["show", "key"], "key", "nothing follows")
    wrong("doctor_refuses_a_protocol", ["doctor", "icmp"], "icmp", "tcp 192.0.2.10:80, udp, sctp")
    wrong("doctor_refuses_a_service_without_port", ["doctor", "tcp", "192.0.2.10"], "192.0.2.10",
          "port is missing")
    wrong("doctor_refuses_a_second_service", ["doctor", *SERVICE, *SERVICE], "tcp", "one of: --run-directory")
    wrong("doctor_refuses_no_directory", ["doctor", "--run-directory"], "--run-directory",
          "value is missing: DIRECTORY")
    wrong("monitor_refuses_an_event", ["monitor", "states"], "states", "one of:.*state.*settings")
    for words, value, accepted in (
        (["-d", "0"], "0", "1 to 3600"),
        (["-d", "3601"], "3601", "1 to 3600"),
        (["-d", "1.5"], "1.5", "a number and its unit"),
        (["-d"], "-d", "value is missing: SECONDS"),
        (["-n", "0"], "0", "1 to 4294967295"),
        (["-n", "1", "-n", "1"], "-n", "given twice"),
        (["-d", "1", *SERVICE], "tcp", "one of: -d, -n"),
    ):
        wrong(f"top_refuses_{label('_'.join(words))}", ["top", *words], value, accepted)
    for words, value, accepted in (
        ([], "verb", "missing, one of: save, restore"),
        (["show"], "show", "one of: save, restore"),
        (["save"], "FILE", "missing"),
        (["restore"], "FILE", "missing"),
        (["save", ""], "FILE", "the name of a file, or -"),
        (["save", "/nonexistent/state", "now"], "now", "nothing follows"),
        (["restore", "/nonexistent/state"], "/nonexistent/state", "No such file"),
    ):
        wrong(f"state_refuses_{label('_'.join(words))}", ["state", *words], value, accepted)
    wrong("monitor_refuses_an_event_twice", ["monitor", "state", "state"], "state", "given twice")


def refuse_changes():
    for words, value, accepted in (
        ([], "CHANGE", "missing"),
        (["move", "10.0.0.1:80"], "move", "one of: add, del, drain"),
        (["10.0.0.1:80=1"], "10.0.0.1:80=1", "one of: add, del, drain"),
        (["add", "10.0.0.1:80"], "add", "value is missing: BACKEND WEIGHT"),
        (["add", "10.0.0.1:80", "-1"], "-1", "0 to 2147483647"),
        (["del"], "del", "value is missing: BACKEND"),
        (["del", "10.0.0.1"], "10.0.0.1", "port is missing"),
        (["share", "10.0.0.1:80", "101"], "101", "0 to 100"),
        (["weight", "10.0.0.1:80", "heavy"], "heavy", "0 to 2147483647"),
        (["table-size", "65536"], "65536", "prime"),
        (["table-size", "257", "table-size", "263"], "table-size", "given twice"),
        (["up", "10.0.0.1:80", "--", "down", "10.0.0.1:80"], "--", "one of: add"),
    ):
        wrong(f"table_diff_of_a_service_refuses_{label('_'.join(words))}",
              ["table", "diff", *SERVICE, *words], value, accepted)


def refuse_options():
    wrong("nothing_is_refused", [], "object", "missing")
    wrong("an_unknown_object_is_refused", ["server", "show"], "server",
          "service, backend, flow, explain, table")
    wrong("a_shortened_object_is_refused", ["serv", "show"], "serv", "one of: service")
    wrong("an_unknown_option_is_refused", ["--frob", "show"], "--frob", "-j, -n NETNS, -b FILE")
    wrong("a_shortened_option_is_refused", ["--jso", "show"], "--jso", "-j, -n NETNS")
    wrong("netns_without_name_is_refused", ["-n"], "-n", "value is missing: NETNS")
    wrong("an_unknown_netns_is_refused", ["-n", "no-such-netns", "show"], "no-such-netns",
          "no such network namespace")
    wrong("a_netns_out_of_its_directory_is_refused", ["-n", "..", "show"], "..",
          "no such network namespace")
    wrong("a_second_netns_is_refused", ["-n", "a", "-n", "b", "show"], "-n", "given twice")
    wrong("batch_without_file_is_refused", ["-b"], "-b", "value is missing: FILE")
    wrong("a_batch_file_that_is_missing_is_refused", ["-b", "/nonexistent/batch"],
          "/nonexistent/batch", "No such file")
    wrong("a_command_behind_a_batch_is_refused", ["-b", "/dev/null", "show"], "show",
          "nothing follows -b")
    wrong("a_second_dpdk_is_refused", ["--dpdk", "--dpdk=/a", "show"], "--dpdk", "given twice")
    wrong("dpdk_without_socket_is_refused", ["--dpdk=", "show"], "--dpdk=", "--dpdk=SOCKET")
    wrong("dpdk_in_a_netns_is_refused", ["-n", "a", "--dpdk", "show"], "-n", "not with --dpdk")
    wrong("the_doctor_of_dpdk_is_refused", ["--dpdk", "doctor"], "doctor", "without --dpdk")
    wrong("backend_add_with_a_wrong_tunnel_is_refused",
          ["backend", "add", "tcp", "192.0.2.10:80", "10.0.0.1:80", "tunnel", "gue"], "gue",
          "ipip or gre")
    wrong("backend_add_with_a_wrong_checksum_is_refused",
          ["backend", "add", "tcp", "192.0.2.10:80", "10.0.0.1:80", "checksum", "1"], "1",
          "on or off")
    wrong("backend_edit_of_nothing_is_refused",
          ["backend", "edit", "tcp", "192.0.2.10:80", "10.0.0.1:80"], "WORD VALUE", "missing")
    wrong("balancer_drain_takes_no_backend", ["balancer", "drain", "10.0.0.1:80"], "10.0.0.1:80",
          "--run-directory")
    for verb in ("service", "backend", "flow", "table", "balancer"):
        wrong(f"an_unknown_verb_of_{verb}_is_refused", [verb, "list"], "list", "one of: .*show")
    wrong("help_of_an_unknown_command_is_refused", ["help", "service", "list"], "list",
          "one of: show, set")


def refuse_batches():
    for name, text, value, accepted in (
        ("an_unknown_object", "\nserver show\n", "stdin:2: object: \"server\"", "one of"),
        ("a_bad_word", "\n# two\nbackend up tcp 192.0.2.10:80 10.0.0.1\n",
         "stdin:3: backend: \"10.0.0.1\"", "port is missing"),
        ("a_missing_word", "backend up tcp 192.0.2.10:80", "stdin:1: BACKEND", "missing"),
        ("an_option", "-j show", "stdin:1: object: \"-j\"", "no options"),
        ("ipvsadm", "-A -t 192.0.2.10:80", "stdin:1: object: \"-A\"", "ipvsadm -R"),
        ("a_long_line", "x" * 5000, "stdin:1", "too long"),
        ("state_from_its_own_stdin", "state restore -", "stdin:1: FILE: \"-\"", "stdin holds the batch"),
        ("a_bad_offline_word", "table build 10.0.0.1:80=x", "stdin:1: weight: \"x\"", "0 to"),
    ):
        wrong(f"batch_refuses_{name}", ["-b", "-"], value, accepted, text=text)


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
refuse_services_and_backends()
refuse_settings()
refuse_questions()
refuse_changes()
refuse_options()
refuse_batches()
TESTS += [refuses_a_missing_file_by_name, refuses_a_bad_line_of_a_file_by_its_number]

if __name__ == "__main__":
    sys.exit(run_tests(TESTS))

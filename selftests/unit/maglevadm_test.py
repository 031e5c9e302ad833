#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""maglevadm table build, lookup and diff: what they print, against reference.py.

TAP on stdout; exit 0 passed, 1 failed, 4 skipped. Arguments choose tests by name.
"""

import random
import re
import sys
import tempfile
from collections import Counter

sys.dont_write_bytecode = True
from cli import GOLDEN, KEY, KEY_TEXT, SEED, SMALL, TCP, UDP, answer, run, run_tests, same
from reference import Table, key_check

ZERO = bytes(16)
BACKEND_KEYS = {
    "address": str,
    "port": int,
    "weight": int,
    "state": str,
    "share": int,
    "base_slots": int,
    "live_slots": int,
}
BUILD_KEYS = {
    "size": int,
    "mode": str,
    "key_check": str,
    "backends": list,
    "base_digest": str,
    "live_digest": str,
    "build_us": (int, float),
}
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def build(*words, text=""):
    return answer("build", *words, text=text)


def row_name(row):
    host = f"[{row['address']}]" if ":" in row["address"] else row["address"]
    return f"{host}:{row['port']}"


def check_build(shown, table):
    """A build's JSON says in every member what the reference found."""
    for key, kind in BUILD_KEYS.items():
        assert isinstance(shown[key], kind) and not isinstance(shown[key], bool), key
    same(shown["size"], table.size, "size")
    same(shown["mode"], table.mode, "mode")
    same(shown["key_check"], f"{key_check(table.key):016x}", "key_check")
    same(shown["base_digest"], table.digest(table.base), "base_digest")
    same(shown["live_digest"], table.digest(table.live), "live_digest")
    base, live = Counter(table.base), Counter(table.live)
    expected = [
        {"address": str(b.address), "port": b.port, "weight": b.weight, "state": b.state,
         "share": b.share, "base_slots": base[b], "live_slots": live[b]}
        for b in table.listed
    ]
    same([{key: row[key] for key in BACKEND_KEYS} for row in shown["backends"]], expected,
         "backends")


def random_backends(chance, count, weights=(0, 1, 100, 2**31 - 1)):
    """Texts of different backends: both families, any states and shares."""
    texts = {}
    while len(texts) < count:
        host = chance.choice([f"10.1.{chance.randrange(4)}.{chance.randrange(256)}",
                              f"[2001:db8::{chance.randrange(1, 65536):x}]"])
        name = f"{host}:{chance.randrange(1, 65536)}"
        weight = chance.choice([*weights, chance.randrange(1, 1000)])
        words = chance.choice(["", "", "", ",down", ",drain"])
        words += chance.choice(["", "", f",share={chance.randrange(101)}"])
        texts[name] = f"{name}={weight}{words}"
    return list(texts.values())


@test
def build_has_exactly_the_keys_of_the_contract():
    shown = build(*SMALL, *GOLDEN)
    same(set(shown), set(BUILD_KEYS), "keys")
    for row in shown["backends"]:
        same(set(row), set(BACKEND_KEYS), "keys of a backend")


@test
def build_has_the_types_of_the_contract():
    shown = build(*SMALL, *GOLDEN)
    for key, kind in BUILD_KEYS.items():
        assert isinstance(shown[key], kind), key
    for row in shown["backends"]:
        for key, kind in BACKEND_KEYS.items():
            assert type(row[key]) is kind, f"{key} is {row[key]!r}"
    for key in ("key_check", "base_digest", "live_digest"):
        assert re.fullmatch("[0-9a-f]{16}", shown[key]), f"{key} is {shown[key]!r}"
    assert shown["build_us"] >= 0


@test
def build_gives_the_golden_digests():
    shown = build(*SMALL, *GOLDEN)
    same(shown["key_check"], "b88fb28d06d5efe1")
    same(shown["base_digest"], "4711fbf57d46ea1e")
    same(shown["live_digest"], "4711fbf57d46ea1e")
    same([row["base_slots"] for row in shown["backends"]], [50, 50, 101, 50])


@test
def build_with_one_down_gives_the_golden_digest():
    shown = build(*SMALL, *GOLDEN[:2], "10.0.0.3:80=2,down", GOLDEN[3])
    same(shown["base_digest"], "4711fbf57d46ea1e")
    same(shown["live_digest"], "9e4c80c06e370822")
    same([row["live_slots"] for row in shown["backends"]], [82, 73, 0, 96])
    same(shown["backends"][2]["state"], "down")


@test
def build_with_half_share_gives_the_golden_digest():
    shown = build(*SMALL, *GOLDEN[:2], "10.0.0.3:80=2,share=50", GOLDEN[3])
    same(shown["live_digest"], "006a589d30586067")
    same([row["live_slots"] for row in shown["backends"]], [58, 61, 62, 70])
    same(shown["backends"][2]["share"], 50)


@test
def build_defaults_to_65537_slots_mode_tuple_and_the_zero_key():
    shown = build("10.0.0.1:80=1")
    same(shown["size"], 65537)
    same(shown["mode"], "tuple")
    same(shown["key_check"], f"{key_check(ZERO):016x}")
    same(shown["backends"][0]["live_slots"], 65537)


@test
def build_equals_the_reference_for_random_backends():
    chance = random.Random(SEED)
    for size in (251, 257, 1021):
        for _ in range(4):
            texts = random_backends(chance, chance.randrange(2, 30))
            key = chance.randbytes(16)
            mode = chance.choice(["tuple", "source"])
            shown = build("--size", str(size), "--key", key.hex(), "--hash", mode, *texts)
            check_build(shown, Table(size, key, mode, texts))


@test
def build_orders_backends_by_address_and_port_with_weight_zero_last():
    texts = ["[2001:db8::1]:80=1", "10.0.0.2:256=1", "10.0.0.1:80=0", "10.0.0.2:255=1",
             "9.255.0.1:80=1", "[::1]:80=1", "[2001:db8::1]:9=0", "192.0.2.1:1=1"]
    shown = build(*SMALL, *texts)
    same([row_name(row) for row in shown["backends"]],
         ["[::1]:80", "9.255.0.1:80", "10.0.0.2:255", "10.0.0.2:256", "192.0.2.1:1",
          "[2001:db8::1]:80", "10.0.0.1:80", "[2001:db8::1]:9"])


@test
def build_does_not_depend_on_the_order_of_arguments():
    texts = random_backends(random.Random(SEED + 1), 20)
    first = build(*SMALL, *texts)
    random.Random(SEED).shuffle(texts)
    second = build(*SMALL, *texts)
    first["build_us"] = second["build_us"] = 0
    same(first, second)


@test
def build_lists_weight_zero_without_slots_and_without_effect():
    shown = build(*SMALL, *GOLDEN, "10.0.0.0:80=0")
    same(shown["base_digest"], "4711fbf57d46ea1e")
    row = shown["backends"][-1]
    same((row["address"], row["weight"], row["base_slots"], row["live_slots"]),
         ("10.0.0.0", 0, 0, 0))


@test
def build_of_all_down_has_no_live_slots():
    shown = build(*SMALL, "10.0.0.1:80=1,down", "10.0.0.2:80=1,drain")
    same([row["live_slots"] for row in shown["backends"]], [0, 0])
    check_build(shown, Table(251, KEY, "tuple", ["10.0.0.1:80=1,down", "10.0.0.2:80=1,drain"]))


@test
def build_takes_as_many_backends_as_slots():
    texts = [f"10.0.{i // 100}.{i % 100}:80=1" for i in range(251)]
    same({row["base_slots"] for row in build(*SMALL, *texts)["backends"]}, {1})


@test
def build_digest_differs_by_mode():
    tuple_mode, source = (build(*SMALL, "--hash", mode, *GOLDEN) for mode in ("tuple", "source"))
    assert tuple_mode["base_digest"] != source["base_digest"]
    same(source["mode"], "source")


@test
def build_reads_backends_from_a_file():
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("# the whole cluster\n\n" + "\n".join(GOLDEN) + "\n\n# end\n")
        file.flush()
        same(build(*SMALL, "-f", file.name)["base_digest"], "4711fbf57d46ea1e")


@test
def build_reads_backends_from_stdin():
    text = "\n".join(GOLDEN) + "\n"
    same(build(*SMALL, "-f", "-", text=text)["base_digest"], "4711fbf57d46ea1e")


@test
def build_reads_a_last_line_without_newline():
    same(build(*SMALL, "-f", "-", text="\n".join(GOLDEN))["base_digest"], "4711fbf57d46ea1e")


@test
def build_takes_comments_and_blanks_around_backends():
    text = "".join(f"  {line}\t# rack {i}\n" for i, line in enumerate(GOLDEN))
    same(build(*SMALL, "-f", "-", text=text)["base_digest"], "4711fbf57d46ea1e")


@test
def build_takes_65534_backends_from_a_file():
    text = "".join(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}:80=1\n" for i in range(65534))
    shown = build("--size", "65537", "-f", "-", text=text)
    same(len(shown["backends"]), 65534)
    same(sum(row["live_slots"] for row in shown["backends"]), 65537)


@test
def build_text_has_the_numbers_of_the_json():
    words = [*SMALL, *GOLDEN[:2], "10.0.0.3:80=2,share=50", GOLDEN[3]]
    done = run("table", "build", *words)
    same(done.returncode, 0, done.stderr)
    shown = build(*words)
    seen = re.findall(r"[0-9a-f.:\[\]]+", done.stdout)
    for key in ("size", "key_check", "base_digest", "live_digest"):
        assert str(shown[key]) in seen, f"{key} {shown[key]} is missing in:\n{done.stdout}"
    for row in shown["backends"]:
        lines = [line for line in done.stdout.splitlines() if row["address"] in line]
        assert lines, f"{row['address']} is missing in:\n{done.stdout}"
        for key in ("base_slots", "live_slots"):
            assert re.search(rf"\b{row[key]}\b", lines[0]), f"{key} {row[key]}: {lines[0]}"


@test
def build_never_shows_the_key():
    secret = "c0ffee1234567890c0ffee1234567890"
    for words in (["-j", "table"], ["table"]):
        done = run(*words, "build", "--size", "251", "--key", secret, *GOLDEN)
        same(done.returncode, 0, done.stderr)
        assert secret not in (done.stdout + done.stderr).lower()


def expect_flow(found, flow, table):
    slot, backend = table.lookup(*flow)
    same(found, {"flow": " ".join(flow), "slot": slot, "backend": backend})


@test
def lookup_gives_the_golden_slots():
    words = ["--key", KEY_TEXT, *GOLDEN]
    same([row["slot"] for row in answer("lookup", *TCP, *words)], [41803])
    same([row["slot"] for row in answer("lookup", *UDP, *words)], [34658])


@test
def lookup_equals_the_reference():
    for mode in ("tuple", "source"):
        table = Table(251, KEY, mode, GOLDEN)
        for flow in (TCP, UDP):
            found = answer("lookup", *flow, *SMALL, "--hash", mode, *GOLDEN)
            same(len(found), 1)
            expect_flow(found[0], flow, table)


@test
def lookup_takes_backends_from_a_file():
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("\n".join(GOLDEN))
        file.flush()
        expect_flow(answer("lookup", *TCP, *SMALL, "-f", file.name)[0], TCP,
                    Table(251, KEY, "tuple", GOLDEN))


@test
def lookup_of_an_empty_slot_is_null():
    found = answer("lookup", *TCP, *SMALL, "10.0.0.1:80=1,down")
    same([row["backend"] for row in found], [None])


@test
def lookup_text_names_slot_and_backend():
    done = run("table", "lookup", *TCP, *SMALL, *GOLDEN)
    slot, backend = Table(251, KEY, "tuple", GOLDEN).lookup(*TCP)
    same(done.returncode, 0, done.stderr)
    assert re.search(rf"\b{slot}\b", done.stdout) and backend in done.stdout, done.stdout


def random_flows(chance, count):
    for _ in range(count):
        protocol = chance.choice(["tcp", "udp"])
        ports = chance.randrange(1, 65536), chance.randrange(1, 65536)
        if chance.randrange(2):
            yield (protocol, f"198.51.{chance.randrange(256)}.{chance.randrange(256)}:{ports[0]}",
                   f"192.0.2.{chance.randrange(256)}:{ports[1]}")
        else:
            yield (protocol, f"[2001:db8:7::{chance.randrange(1, 65536):x}]:{ports[0]}",
                   f"[2001:db8:8::{chance.randrange(1, 65536):x}]:{ports[1]}")


@test
def lookup_reads_flows_from_stdin():
    texts = [*GOLDEN[:2], "10.0.0.3:80=2,share=30", "[2001:db8::4]:80=1,drain"]
    flows = list(random_flows(random.Random(SEED), 500))
    text = "".join(" ".join(flow) + "\n" for flow in flows)
    for mode in ("tuple", "source"):
        table = Table(251, KEY, mode, texts)
        found = answer("lookup", *SMALL, "--hash", mode, *texts, text=text)
        same(len(found), len(flows), "answers")
        for row, flow in zip(found, flows):
            expect_flow(row, flow, table)


@test
def lookup_of_100000_lines_answers_each_in_order():
    flows = list(random_flows(random.Random(SEED), 100000))
    text = "".join(" ".join(flow) + "\n" for flow in flows)
    found = answer("lookup", *SMALL, *GOLDEN, text=text)
    same([row["flow"] for row in found], [" ".join(flow) for flow in flows])
    table = Table(251, KEY, "tuple", GOLDEN)
    for i in range(0, len(flows), 997):
        expect_flow(found[i], flows[i], table)


@test
def lookup_of_no_lines_answers_nothing():
    same(answer("lookup", *SMALL, *GOLDEN, text=""), [])


def names(table):
    return [owner.name() if owner else None for owner in table.live]


def expected_diff(old, new):
    """The three numbers of a diff, and slots per backend before and after."""
    before, after = names(old), names(new)
    was, now = Counter(before), Counter(after)
    listed_old, listed_new = ({b.name() for b in table.listed} for table in (old, new))
    moves = [(a, b) for a, b in zip(before, after) if a != b]
    collateral = sum(a in listed_new and b in listed_old for a, b in moves)
    every = listed_old | listed_new
    ideal = sum(max(0, was[name] - now[name]) for name in every)
    return len(moves), ideal, collateral, {name: (was[name], now[name]) for name in every}


def check_diff(old, new, *options, key=ZERO, mode="tuple", size=251):
    shown = answer("diff", "--size", str(size), *options, *old, "--", *new)
    moved, ideal, collateral, slots = expected_diff(Table(size, key, mode, old),
                                                    Table(size, key, mode, new))
    same((shown["moved"], shown["ideal"], shown["collateral"]), (moved, ideal, collateral),
         "moved, ideal, collateral")
    rows = {row_name(row): row for row in shown["backends"]}
    same(set(rows), set(slots), "backends")
    same({name: (row["old_slots"], row["new_slots"]) for name, row in rows.items()}, slots,
         "old and new slots")
    return shown


@test
def diff_of_the_same_set_moves_nothing():
    shown = check_diff(GOLDEN, list(reversed(GOLDEN)))
    same((shown["moved"], shown["ideal"], shown["collateral"]), (0, 0, 0))


@test
def diff_of_one_down_moves_only_its_slots():
    down = [*GOLDEN[:2], "10.0.0.3:80=2,down", GOLDEN[3]]
    shown = check_diff(GOLDEN, down, "--key", KEY_TEXT, key=KEY)
    same((shown["moved"], shown["ideal"]), (101, 101))


@test
def diff_of_one_removed_counts_collateral():
    shown = check_diff(GOLDEN, GOLDEN[:3], "--key", KEY_TEXT, key=KEY)
    assert shown["moved"] >= shown["ideal"] >= 50


@test
def diff_from_all_down_counts_empty_slots_as_moved():
    shown = check_diff(["10.0.0.1:80=1,down"], ["10.0.0.1:80=1"])
    same((shown["moved"], shown["ideal"], shown["collateral"]), (251, 0, 0))


@test
def diff_equals_the_reference_for_random_changes():
    chance = random.Random(SEED + 2)
    for _ in range(12):
        old = random_backends(chance, 15, (1, 100))
        new = chance.sample(old, 12) + random_backends(chance, 3, (1, 100))
        new = list({text.partition("=")[0]: text for text in new}.values())
        for j in chance.sample(range(len(new)), 3):
            new[j] = new[j].partition("=")[0] + "=" + chance.choice(["7", "1,down", "9,share=10"])
        key, mode = chance.randbytes(16), chance.choice(["tuple", "source"])
        check_diff(old, new, "--key", key.hex(), "--hash", mode, key=key, mode=mode)


@test
def diff_text_has_the_numbers_of_the_json():
    done = run("table", "diff", "--size", "251", *GOLDEN, "--", *GOLDEN[:3])
    same(done.returncode, 0, done.stderr)
    shown = answer("diff", "--size", "251", *GOLDEN, "--", *GOLDEN[:3])
    for key in ("moved", "ideal", "collateral"):
        assert re.search(rf"\b{shown[key]}\b", done.stdout), f"{key} in:\n{done.stdout}"


if __name__ == "__main__":
    sys.exit(run_tests(TESTS))

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""maglevadm state save and restore: what is in the file, what of it a plane is told, which files are refused.

The plane is played (maglevadm_plane.py). TAP on stdout; exit 0 passed, 1 failed, 4 skipped. Arguments choose tests by
name.
"""

import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
from cli import KEY_TEXT, run_tests, same

try:
    import maglevadm_plane
    from maglevadm_plane import COMMANDS, Plane, Refusal, decode, encode
except ImportError as missing:
    print(f"1..0 # SKIP {missing.name} is missing: install python3-{missing.name}")
    sys.exit(4)
from maglevadm_world import BACKEND_ROWS, BACKENDS, KEY, KEY6, SERVICE, SERVICE6, SETTINGS, TIMEOUTS

EPERM, EINVAL, ESTALE, EBUSY = 1, 22, 116, 16
HEADER = "=16sIIQ"
MAGIC, ORDER, VERSION = b"maglevadm state\n", 0x01020304, 1
MESSAGE, DONE = 33, 3
ALIVE = {**SETTINGS, "moving": 0, "lines": 5120, "changes": 9}
ESTABLISHED = 1
MASK = (1 << 64) - 1
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def word(number, index, state=ESTABLISHED, age=2):
    """Of the flow of this number."""
    return (number * 0x9e3779b97f4a7c15 & MASK) >> 26 << 26 | index + 1 << 10 | state << 8 | age


def words(cpu, *pairs, **more):
    """A message of flow-save: (line, word) of each."""
    return {"words": {"cpu": cpu, "lines": 5120, "key-check": SETTINGS["key-check"], "changes": 9,
                      "line": b"".join(struct.pack("=I", line) for line, _ in pairs),
                      "word": b"".join(struct.pack("=Q", word_) for _, word_ in pairs), **more}}


def pairs_of(message):
    lines, words_ = message["words"]["line"], message["words"]["word"]
    n = len(words_) // 8
    return list(zip(struct.unpack(f"={n}I", lines), struct.unpack(f"={n}Q", words_)))


FLOWS = [words(0, (0, word(1, 10)), (5119, word(2, 11)), (7, word(3, 10, 0, 1))), words(1, (4000, word(4, 12)))]
WORLD = {"settings-get": [{"settings": ALIVE}], "service-get": [{"service": SERVICE}, {"service": SERVICE6}],
         "backend-get": BACKEND_ROWS, "flow-save": FLOWS}


def mix(value):
    """maglev_mix64()."""
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9 & MASK
    value = (value ^ value >> 27) * 0x94d049bb133111eb & MASK
    return value ^ value >> 31


def add_up(data):
    total = 0
    for (four,) in struct.iter_unpack("=I", data):
        total = mix(total ^ four)
    return total


def pack(command, values):
    payload = struct.pack("=BBH", COMMANDS.index(command) + 1, 1, 0) + encode("maglev", values)
    return struct.pack("=IHHII", 16 + len(payload), MESSAGE, 0, 0, 0) + payload


def file_of(*messages, saved_ms=None, magic=MAGIC, order=ORDER, version=VERSION):
    """A file as it should be, of (command, values)."""
    saved_ms = int(time.time() * 1000) if saved_ms is None else saved_ms
    data = struct.pack(HEADER, magic, order, version, saved_ms)
    for one in messages:
        data += one if isinstance(one, bytes) else pack(*one)
    end = struct.pack("=IHHII", 32, DONE, 0, 0, 0)
    return data + end + struct.pack("=QQ", len(messages), add_up(data + end))


def read_file(data):
    """(command, values) of each message; the file is whole."""
    magic, order, version, saved_ms = struct.unpack_from(HEADER, data)
    same((magic, order, version), (MAGIC, ORDER, VERSION), "header")
    assert abs(time.time() - saved_ms / 1000) < 600, saved_ms
    at, messages = struct.calcsize(HEADER), []
    while True:
        size, kind = struct.unpack_from("=IH", data, at)
        if kind == DONE:
            break
        same(kind, MESSAGE, f"type at {at}")
        messages.append((COMMANDS[data[at + 16] - 1], decode("maglev", data[at + 20:at + size])))
        at += size
    n, total = struct.unpack_from("=QQ", data, at + 16)
    same((size, len(data) - at, n, total), (32, 32, len(messages), add_up(data[:at + 16])), "end")
    return messages


def saved(answers=None):
    with tempfile.TemporaryDirectory() as where, Plane({**WORLD, **(answers or {})}) as plane:
        done = plane.run("state", "save", f"{where}/state")
        same(done.returncode, 0, done.stderr)
        return (Path(where) / "state").read_bytes()


def restored(data, answers=None, status=0, options=()):
    """What the plane is asked, and what is said."""
    result = {"restored": {"put": 1, "expired": 0, "known": 0, "full": 0}}
    with tempfile.NamedTemporaryFile() as file, \
            Plane({**WORLD, "flow-save": [], "flow-restore": [result], "batch": [], **(answers or {})}) as plane:
        file.write(data)
        file.flush()
        done = plane.run(*options, "state", "restore", file.name)
    assert "Sanitizer" not in done.stderr, done.stderr
    same(done.returncode, status, f"{done.stdout}{done.stderr}")
    return plane.asked, done


def asked_for(asked, command):
    return [values for name, values in asked if name == command]


HEAD = ("settings-get", {"settings": {"key-check": SETTINGS["key-check"], "flows": 65536, "lines": 5120}})


def named(addr, port=80, key=KEY, **values):
    return "backend-get", {"service": {"key": key}, "backend": {"addr": addr, "port": port, **values}}


@test
def save_writes_what_the_plane_would_forget():
    messages = read_file(saved())
    same([name for name, _ in messages], ["settings-get"] + 2 * ["service-get"] + 4 * ["backend-get"] +
         2 * ["flow-save"])
    same(messages[0][1], {"settings": {word_: ALIVE[word_] for word_ in ("key-check", "flows", "version", "lines")}})
    same(messages[1][1], {"service": {"key": KEY, "table-size": 251, "mode-set": "flag", "timeouts": TIMEOUTS}})
    same(messages[2][1]["service"]["mode-set"], "source")
    for (_, message), row in zip(messages[3:7], BACKENDS):
        same(message["service"], {"key": KEY})
        same(message["backend"], {word_: row[word_] for word_ in (
            "addr", "port", "index", "admin-state", "health-state", "nominal-weight", "share", "deadline-ms")})
    same([(message["words"]["cpu"], pairs_of(message)) for _, message in messages[7:]],
         [(message["words"]["cpu"], pairs_of(message)) for message in FLOWS])


@test
def save_never_writes_a_key():
    data = saved({"settings-get": [{"settings": {**ALIVE, "key": bytes.fromhex(KEY_TEXT)}}]})
    assert bytes.fromhex(KEY_TEXT) not in data and KEY_TEXT.encode() not in data


@test
def save_says_what_it_wrote():
    with tempfile.TemporaryDirectory() as where, Plane(WORLD) as plane:
        text = plane.run("state", "save", f"{where}/state")
        shown = plane.run("-j", "state", "save", f"{where}/state")
    same(text.stdout.split(), ["key", "check", "b88fb28d06d5efe1", "lines", "5120", "services", "2", "backends", "4",
                               "flows", "4"])
    same(json.loads(shown.stdout), {"key-check": "b88fb28d06d5efe1", "lines": 5120, "services": 2, "backends": 4,
                                    "flows": 4})


@test
def save_replaces_a_file_whole_or_leaves_it():
    with tempfile.TemporaryDirectory() as where:
        path = Path(where) / "state"
        path.write_text("before")
        with Plane({**WORLD, "flow-save": Refusal(EBUSY, "flows still move from the old tables")}) as plane:
            done = plane.run("state", "save", str(path))
        same((done.returncode, done.stdout), (1, ""))
        assert "state save: flows still move from the old tables" in done.stderr, done.stderr
        same((path.read_text(), os.listdir(where)), ("before", ["state"]))
        with Plane(WORLD) as plane:
            same(plane.run("state", "save", str(path)).returncode, 0)
        same((len(read_file(path.read_bytes())), os.listdir(where)), (9, ["state"]))
        same(path.stat().st_mode & 0o777, 0o600)


@test
def save_fails_if_backends_come_and_go_meanwhile():
    for change in {"changes": 10}, {"lines": 5121}, {"key-check": 1}, {"moving": 1}:
        answers = [[{"settings": ALIVE}], [{"settings": {**ALIVE, **change}}]]
        with tempfile.TemporaryDirectory() as where, Plane({**WORLD, "settings-get": answers}) as plane:
            done = plane.run("state", "save", f"{where}/state")
            same((done.returncode, os.listdir(where)), (1, []), str(change))
        assert "changed meanwhile: save again" in done.stderr, done.stderr


@test
def save_refuses_what_it_cannot_write():
    with tempfile.TemporaryDirectory() as where, Plane(WORLD) as plane:
        os.mkfifo(f"{where}/fifo")
        for name, why in ((f"{where}/none/state", "No such file or directory"), (where, "something that is no file"),
                          (f"{where}/fifo", "something that is no file"), ("", "the name of a file, or -")):
            done = plane.run("state", "save", name)
            same((done.returncode, done.stdout), (2, ""), name)
            assert why in done.stderr, done.stderr
        same((os.listdir(where), plane.asked), (["fifo"], []))


@test
def save_wants_a_plane_that_tells_its_lines():
    old = {word_: ALIVE[word_] for word_ in ALIVE if word_ not in ("lines", "changes")}
    with tempfile.TemporaryDirectory() as where, Plane({**WORLD, "settings-get": [{"settings": old}]}) as plane:
        done = plane.run("state", "save", f"{where}/state")
    same(done.returncode, 1)
    assert "cannot tell its flows" in done.stderr, done.stderr


@test
def a_pipe_carries_the_same():
    env = {**os.environ}
    with Plane(WORLD) as plane:
        env["MAGLEV_TEST_PLANE"] = plane.path
        done = subprocess.run([maglevadm_plane.PROGRAM, "state", "save", "-"], capture_output=True, env=env,
                              check=True, timeout=60)
        same(done.stderr, b"")
    same(read_file(done.stdout), read_file(saved()))
    result = {"restored": {"put": 2, "expired": 0, "known": 0, "full": 0}}
    with Plane({**WORLD, "flow-save": [], "flow-restore": [result], "batch": []}) as plane:
        env["MAGLEV_TEST_PLANE"] = plane.path
        done = subprocess.run([maglevadm_plane.PROGRAM, "state", "restore", "-"], input=done.stdout,
                              capture_output=True, env=env, check=True, timeout=60)
        same([pairs_of(values) for values in asked_for(plane.asked, "flow-restore")],
             [pairs_of(message) for message in FLOWS])


@test
def restore_gives_back_what_was_saved():
    blank = [{**row, "backend": {**row["backend"], "admin-state": "up", "health-state": "up", "nominal-weight": 0,
                                 "share": 100}} for row in BACKEND_ROWS]
    services = [{"service": {**SERVICE, "table-size": 65537, "timeouts": {**TIMEOUTS, "reset": 9}}},
                {"service": {**SERVICE6, "mode-set": "flag"}}]
    asked, done = restored(saved(), {"backend-get": blank, "service-get": services})
    entries = asked_for(asked, "batch")[0]["entry"]
    deadline = entries[3]["backend"].pop("deadline-ms")
    assert 200000 < deadline <= 272000, deadline
    of = {"op": "backend-set", "service": {"key": KEY}}
    same(entries, [
        {"op": "service-set", "service": {"key": KEY, "table-size": 251, "timeouts": TIMEOUTS}},
        {"op": "service-set", "service": {"key": KEY6, "mode-set": "source"}},
        {**of, "backend": {"addr": "10.0.0.2", "port": 80, "share": 50}},
        {**of, "backend": {"addr": "10.0.0.3", "port": 80, "admin-state": "drain", "nominal-weight": 2}},
        {**of, "backend": {"addr": "2001:db8::4", "port": 80, "health-state": "down"}}])
    names = [name for name, _ in asked]
    assert names.index("batch") < names.index("flow-restore"), names
    same([(values["words"]["cpu"], values["words"]["lines"], values["words"]["key-check"], values["words"]["changes"],
           pairs_of(values)) for values in asked_for(asked, "flow-restore")],
         [(message["words"]["cpu"], 5120, SETTINGS["key-check"], 9, pairs_of(message)) for message in FLOWS])
    same(done.stdout.split(), ["set", "5", "flows", "4", "put", "2", "expired", "0", "known", "0", "full", "0",
                               "gone", "0"])
    same(done.stderr, "")


@test
def restore_leaves_what_was_set_since():
    asked, done = restored(saved(), {"backend-get": [
        {**row, "backend": {**row["backend"], "admin-state": "down", "health-state": "drain", "nominal-weight": 7,
                            "share": 3}} for row in BACKEND_ROWS]})
    same(asked_for(asked, "batch"), [])
    assert "set" in done.stdout


@test
def restore_lets_a_drain_end_that_had_less_time():
    hour_ago = int(time.time() * 1000) - 3600000
    blank = [{"service": {"key": KEY}, "backend": {**BACKENDS[0], "share": 100}}]
    for deadline, expected in (3600000 * 2, "drain"), (1000, "down"), (0, "drain"):
        data = file_of(HEAD, named("10.0.0.1", index=10, **{"admin-state": "drain", "health-state": "up", "share": 100,
                                                           "nominal-weight": 0, "deadline-ms": deadline}),
                       saved_ms=hour_ago)
        asked, _ = restored(data, {"backend-get": blank})
        got = asked_for(asked, "batch")[0]["entry"][0]["backend"]
        same(got["admin-state"], expected, str(deadline))
        left = got.get("deadline-ms", 0)
        assert 3500000 < left <= 3600000 if deadline > 3600000 else not left, left


@test
def restore_gives_flows_the_indexes_of_their_backends():
    """Others are where they were, one is gone, and a service of the same backends is another one."""
    other = {**KEY, "port": 81}
    data = file_of(HEAD, named("10.0.0.1", index=0), named("10.0.0.2", index=1), named("10.0.0.1", key=other, index=2),
                   named("10.0.0.3", index=3), named("10.0.0.1", 81, index=65534),
                   ("flow-save", words(1, *[(i, word(i, i)) for i in range(4)], (4, word(4, 65534)),
                                       (5, word(5, 5)), (6, word(6, 2)))))
    now = [("10.0.0.1", 80, KEY, 7), ("10.0.0.2", 80, KEY, 65534), ("10.0.0.1", 80, other, 0),
           ("10.0.0.1", 81, KEY, 300)]
    rows = [named(addr, port, key, index=index, share=100)[1] for addr, port, key, index in now]
    asked, done = restored(data, {"backend-get": rows})
    same(pairs_of(asked_for(asked, "flow-restore")[0]),
         [(0, word(0, 7)), (1, word(1, 65534)), (2, word(2, 0)), (4, word(4, 300)), (6, word(6, 0))])
    assert "2 flows are not tracked: their backends are not there" in done.stderr, done.stderr
    same(done.stdout.split()[-2:], ["gone", "2"])


@test
def restore_adds_the_time_that_has_passed():
    ago = int(time.time() * 1000) - 321000
    data = file_of(HEAD, named("10.0.0.1", index=0),
                   ("flow-save", words(0, (1, word(1, 0, 1, 3)), (2, word(2, 0, 0, 0)), (3, word(3, 0, 2, 200)),
                                       (4, word(4, 0, 1, 250)))), saved_ms=ago)
    rows = [named("10.0.0.1", index=0, share=100)[1]]
    asked, done = restored(data, {"backend-get": rows})
    same(pairs_of(asked_for(asked, "flow-restore")[0]), [(1, word(1, 0, 1, 13)), (2, word(2, 0, 0, 80))])
    same(done.stdout.split()[6:8], ["expired", "2"])
    asked, _ = restored(file_of(*[HEAD, named("10.0.0.1", index=0), ("flow-save", words(0, (1, word(1, 0, 1, 3))))],
                                saved_ms=ago + 10 ** 9), {"backend-get": rows})
    same(pairs_of(asked_for(asked, "flow-restore")[0]), [(1, word(1, 0, 1, 3))], "a clock set back")


@test
def restore_looks_indexes_up_again_when_backends_come():
    first, then = [named("10.0.0.1", index=index, share=100)[1:] for index in (4, 8)]
    data = file_of(HEAD, named("10.0.0.1", index=0), ("flow-save", words(0, (1, word(1, 0)))))
    result = {"restored": {"put": 1, "expired": 0, "known": 0, "full": 0}}
    asked, done = restored(data, {
        "backend-get": [list(first), list(then)],
        "settings-get": [[{"settings": ALIVE}], [{"settings": {**ALIVE, "changes": 11}}]],
        "flow-restore": [Refusal(ESTALE, "changes: they came"), [result]]})
    same([(values["words"]["changes"], pairs_of(values)) for values in asked_for(asked, "flow-restore")],
         [(9, [(1, word(1, 4))]), (11, [(1, word(1, 8))])])
    same(done.stdout.split()[4:6], ["put", "1"])
    asked, done = restored(data, {"backend-get": list(first), "flow-restore": Refusal(ESTALE, "changes: again")}, 1)
    same(len(asked_for(asked, "flow-restore")), 5)
    assert "restore again when they do not" in done.stderr, done.stderr


@test
def restore_leaves_flows_that_are_tracked_already():
    """Wherever they are by now, and with whatever backend and state."""
    there = [words(1, (17, word(2, 12, 2, 9))), words(0, (3, word(4, 12)), (3, word(9, 10)))]
    asked, done = restored(saved(), {"flow-save": there})
    same([pairs_of(values) for values in asked_for(asked, "flow-restore")],
         [[(0, word(1, 10)), (7, word(3, 10, 0, 1))]])
    same(done.stdout.split()[8:10], ["known", "2"])
    moving = {"settings-get": [{"settings": {**ALIVE, "moving": 1}}], "flow-save": Refusal(EBUSY, "flows still move")}
    asked, _ = restored(saved(), moving)
    same(len(asked_for(asked, "flow-restore")), 2)


@test
def restore_says_what_became_of_flows():
    result = {"restored": {"put": 1, "expired": 2, "known": 3, "full": 4}}
    _, done = restored(saved(), {"flow-restore": [result]}, options=["-j"])
    shown = json.loads(done.stdout)
    same({word_: shown[word_] for word_ in ("put", "expired", "known", "full", "gone")},
         {"put": 2, "expired": 4, "known": 6, "full": 8, "gone": 0})
    assert "8 flows are not tracked: their lines are full" in done.stderr, done.stderr


def refused(data, why, answers=None):
    asked, done = restored(data, answers, 1)
    assert why in done.stderr, done.stderr
    same((done.stdout, [name for name, _ in asked if name in ("batch", "flow-restore")]), ("", []), why)


@test
def restore_refuses_another_key_and_names_both():
    refused(saved(), "it is of key check b88fb28d06d5efe1, the key here is of 00000000000000ab: ",
            {"settings-get": [{"settings": {**ALIVE, "key-check": 0xab}}]})


@test
def restore_refuses_other_lines_and_names_both():
    refused(saved(), "its flow tables have 5120 lines, those here 10240: ",
            {"settings-get": [{"settings": {**ALIVE, "lines": 10240}}]})
    refused(saved(), "there are no flow tables here", {"settings-get": [{"settings": {**ALIVE, "lines": 0}}]})
    without = {word_: ALIVE[word_] for word_ in ALIVE if word_ != "lines"}
    refused(saved(), "plane kernel, version 0.1.0, cannot be told flows", {"settings-get": [{"settings": without}]})


@test
def restore_without_flows_asks_for_no_lines():
    data = file_of(HEAD, named("10.0.0.2", index=3, **{"share": 7}))
    asked, _ = restored(data, {"settings-get": [{"settings": {**ALIVE, "lines": 0}}],
                               "backend-get": [named("10.0.0.2", index=0, share=100)[1]]})
    same(len(asked_for(asked, "batch")), 1)
    same(asked_for(asked, "flow-restore"), [])


@test
def restore_refuses_what_is_no_state():
    whole = saved()
    for data in b"", b"hash_key\n", b"\0" * 100, whole[1:], whole[:31]:
        refused(data, "not a file of maglevadm state save")
    refused(file_of(HEAD, order=0x04030201), "written by a host of the other byte order")
    refused(file_of(HEAD, version=2), "version 2 of the format: this maglevadm reads version 1")
    with Plane(WORLD) as plane:
        done = plane.run("state", "restore", "/nonexistent")
    same((done.returncode, done.stdout, plane.asked), (2, "", []))
    assert '"/nonexistent": No such file or directory' in done.stderr, done.stderr


@test
def restore_refuses_files_cut_off_anywhere():
    whole = saved()
    cuts = [*range(32, len(whole), 97), len(whole) - 1, len(whole) - 16, len(whole) - 32]
    for length in cuts:
        refused(whole[:length], "not all of it was written")
    refused(whole + b"\0", "something follows its end")


@test
def restore_refuses_files_with_a_byte_changed():
    whole, chosen = saved(), random.Random(1)
    for _ in range(24):
        data = bytearray(whole)
        data[chosen.randrange(32, len(whole))] ^= 1 << chosen.randrange(8)
        refused(bytes(data), ": ")


@test
def restore_refuses_messages_that_make_no_sense():
    good = named("10.0.0.1", index=0)
    flows = words(0, (1, word(1, 0)))
    for why, *messages in (
        ("does not stand", good), ("does not stand", HEAD, HEAD), ("does not stand", HEAD, ("flow-save", flows), good),
        ("does not stand", HEAD, ("stats-get", {})), ("there is nothing",),
        ("no sense", ("settings-get", {"settings": {"lines": 1}})), ("no sense", ("settings-get", {})),
        ("no sense", HEAD, ("service-get", {"service": {"table-size": 251}})),
        ("no sense", HEAD, ("backend-get", {"service": {"key": KEY}, "backend": {"addr": "10.0.0.1", "port": 1}})),
        ("no sense", HEAD, named("10.0.0.1", index=65535)),
        ("no sense", HEAD, ("flow-save", words(0, (5120, word(1, 0))))),
        ("no sense", HEAD, ("flow-save", words(0, (1, 1), line=bytes(8)))),
        ("no sense", HEAD, ("flow-save", words(0, (1, 1), word=bytes(9)))),
        ("no sense", HEAD, ("flow-save", words(0, *[(1, 1)] * 4097))),
        ("no message begins", HEAD, struct.pack("=IHHII", 20, 34, 0, 0, 0) + bytes(4)),
        ("no message begins", HEAD, struct.pack("=IHHII", 1 << 31, MESSAGE, 0, 0, 0)),
        ("no message begins", HEAD, struct.pack("=IHHII", 16, MESSAGE, 0, 0, 0)),
    ):
        refused(file_of(*messages), why)


@test
def restore_says_what_the_plane_refuses():
    asked, done = restored(saved(), {"flow-restore": Refusal(EPERM, "no")}, 1)
    assert "needs CAP_NET_ADMIN" in done.stderr, done.stderr
    same(len(asked_for(asked, "flow-restore")), 1)


if __name__ == "__main__":
    said = maglevadm_plane.build()
    if said:
        print(f"1..1\nnot ok 1 - builds\n# {said}")
        sys.exit(1)
    sys.exit(run_tests(TESTS))

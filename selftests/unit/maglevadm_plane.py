# SPDX-License-Identifier: GPL-2.0-only
"""A plane for the tests of maglevadm: says what a test put into its mouth, keeps what it was asked.

Messages are dicts, by the names in Documentation/netlink/specs/maglev.yaml: addresses and enums are
strings, several of a kind a list. build() makes a maglevadm, with ASan and UBSan, that talks to it.
"""

import ipaddress
import os
import socket
import struct
import subprocess
import tempfile
import threading
from pathlib import Path

import yaml
from cli import ROOT, run

FAMILY = 33
ERROR, DONE = 2, 3
MULTI, DUMP_INTR, CAPPED, ACK_TLVS = 0x2, 0x10, 0x100, 0x200
EXT_MSG, EXT_OFFS, EXT_POLICY, EXT_MISS_TYPE, EXT_MISS_NEST = 1, 2, 4, 5, 6
POLICY_MIN_U, POLICY_MAX_U = 4, 5
SPEC = yaml.safe_load((ROOT / "Documentation/netlink/specs/maglev.yaml").read_text())
PROGRAM = ROOT / "build/unit/maglevadm-plane"


def number_sets():
    for one in SPEC["attribute-sets"]:
        if "subset-of" not in one:
            yield one["name"], {a["name"]: (i, a) for i, a in enumerate(one["attributes"], 1)}


def number_enums():
    for one in SPEC["definitions"]:
        if one["type"] in ("enum", "flags"):
            words = [e if isinstance(e, str) else e["name"] for e in one["entries"]]
            yield one["name"], (one["type"] == "flags", one.get("value-start", 0), words)


SETS = dict(number_sets())
ENUMS = dict(number_enums())
COMMANDS = [operation["name"] for operation in SPEC["operations"]["list"]]
SIZES = {"u16": "H", "u32": "I", "u64": "Q"}


def pad(data):
    return data + bytes(-len(data) % 4)


def attribute(number, data):
    return pad(struct.pack("=HH", len(data) + 4, number) + data)


def enum_number(name, value):
    is_flags, start, words = ENUMS[name]
    if is_flags:
        return sum(1 << words.index(word) for word in value)
    return words.index(value) + start if isinstance(value, str) else value


def encode_value(attr, value):
    if attr["type"] == "nest":
        return encode(attr["nested-attributes"], value)
    if attr["type"] == "string":
        return value.encode() + b"\0"
    if attr["type"] == "binary":
        return value if isinstance(value, bytes) else ipaddress.ip_address(value).packed
    if "enum" in attr:
        value = enum_number(attr["enum"], value)
    order = ">" if attr.get("byte-order") == "big-endian" else "="
    return struct.pack(order + SIZES[attr["type"]], value)


def encode(name, values):
    """The attributes of a set."""
    data = b""
    for key, value in values.items():
        number, attr = SETS[name][key]
        for one in value if attr.get("multi-attr") else [value]:
            data += attribute(number, encode_value(attr, one))
    return data


def decode_value(attr, data):
    if attr["type"] == "nest":
        return decode(attr["nested-attributes"], data)
    if attr["type"] == "string":
        return data.rstrip(b"\0").decode()
    if attr["type"] == "binary":
        is_address = attr["name"].endswith("addr") or attr["name"] == "gateway"
        return str(ipaddress.ip_address(data)) if is_address else data
    order = ">" if attr.get("byte-order") == "big-endian" else "="
    value = struct.unpack(order + SIZES[attr["type"]], data)[0]
    if "enum" not in attr:
        return value
    is_flags, start, words = ENUMS[attr["enum"]]
    if is_flags:
        return [word for bit, word in enumerate(words) if value >> bit & 1]
    return words[value - start]


def decode(name, data):
    values, names = {}, {number: attr for number, attr in SETS[name].values()}
    while data:
        size, number = struct.unpack_from("=HH", data)
        attr = names[number & 0x3fff]
        value = decode_value(attr, data[4:size])
        if attr.get("multi-attr"):
            values.setdefault(attr["name"], []).append(value)
        else:
            values[attr["name"]] = value
        data = data[(size + 3) & ~3:]
    return values


def message(kind, flags, seq, data):
    return struct.pack("=IHHII", 16 + len(data), kind, flags, seq, 0) + data


def find_offset(data, path):
    """Where in a request the attribute named like "entry[1].backend.share" is."""
    at, end, name = 20, len(data), "maglev"
    for step in path.split("."):
        key, _, index = step.rstrip("]").partition("[")
        number, attr = SETS[name][key]
        left = int(index or 0)
        while at < end:
            size, kind = struct.unpack_from("=HH", data, at)
            if kind & 0x3fff == number:
                if not left:
                    break
                left -= 1
            at += (size + 3) & ~3
        found, end, name = at, at + size, attr.get("nested-attributes")
        at += 4
    return found


class Refusal:
    """An errno with what the plane says: a sentence, the attribute meant, its limits."""

    def __init__(self, errno, text="", path=None, limits=None, missing=None):
        self.errno, self.text, self.path, self.limits = errno, text, path, limits
        self.missing = missing

    def pack(self, request, seq):
        data = struct.pack("=i", -self.errno) + request[:16]
        if self.text:
            data += attribute(EXT_MSG, self.text.encode() + b"\0")
        if self.path:
            data += attribute(EXT_OFFS, struct.pack("=I", find_offset(request, self.path)))
        if self.missing:
            data += attribute(EXT_MISS_TYPE, struct.pack("=I", self.missing))
        if self.limits:
            least, most = (struct.pack("=Q", limit) for limit in self.limits)
            data += attribute(EXT_POLICY,
                              attribute(POLICY_MIN_U, least) + attribute(POLICY_MAX_U, most))
        return message(ERROR, CAPPED | ACK_TLVS, seq, data)


class Plane:
    """Answers of each command by its name: a list of dicts, a Refusal, or a list of such answers,
    one for each time and the last for all after; events: what a subscriber gets, (name, dict) or "lost", then the end."""

    def __init__(self, answers=None, events=()):
        self.answers, self.events, self.asked = dict(answers or {}), events, []
        self.interrupt = 0

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.path = str(Path(self.directory.name) / "plane")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)
        self.directory.cleanup()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                while data := peer.recv(1 << 24):
                    if data == b"subscribe":
                        self.send_events(peer)
                        break
                    self.answer(peer, data)

    def send_events(self, peer):
        for event in self.events:
            peer.send(b"!" if event == "lost" else self.pack(event[0], event[1], 0, 0))

    @staticmethod
    def pack(command, values, flags, seq):
        head = struct.pack("=BBH", COMMANDS.index(command) + 1, 1, 0)
        return message(FAMILY, flags, seq, head + encode("maglev", values))

    def answer(self, peer, data):
        _, _, flags, seq = struct.unpack_from("=IHHI", data)
        command = COMMANDS[data[16] - 1]
        is_dump = flags & 0x300 == 0x300
        self.asked.append((command, decode("maglev", data[20:])))
        said = self.answers.get(command, [])
        if isinstance(said, list) and said and isinstance(said[0], (list, Refusal)):
            said = said.pop(0) if len(said) > 1 else said[0]
        if isinstance(said, Refusal):
            peer.send(said.pack(data, seq))
            return
        interrupted = DUMP_INTR if is_dump and self.interrupt else 0
        self.interrupt -= bool(interrupted)
        for values in said:
            peer.send(self.pack(command, values, MULTI * is_dump | interrupted, seq))
        if is_dump:
            peer.send(message(DONE, MULTI | interrupted, seq, bytes(4)))
        else:
            peer.send(message(ERROR, CAPPED, seq, bytes(4) + data[:16]))

    def run(self, *words, text=""):
        return run(*words, text=text, binary=str(PROGRAM), MAGLEV_TEST_PLANE=self.path)


def run_without(*words, text=""):
    """With no plane there."""
    return run(*words, text=text, binary=str(PROGRAM))


def build():
    """Make the program if a source is newer; what the compiler says if it cannot."""
    sources = [source for source in ROOT.glob("userspace/maglevadm/*.c")
               if source.name != "connect.c"]
    sources += [*ROOT.glob("userspace/lib/*.c"), *ROOT.glob("core/*.c"),
                ROOT / "selftests/unit/maglevadm_plane.c"]
    headers = [*ROOT.glob("userspace/*/*.h"), *ROOT.glob("include/*/*.h"),
               *ROOT.glob("include/uapi/linux/*.h"), *ROOT.glob("userspace/maglevadm")]
    newest = max(file.stat().st_mtime for file in sources + headers)
    if PROGRAM.exists() and PROGRAM.stat().st_mtime > newest:
        return ""
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    fresh = PROGRAM.with_suffix(f".{os.getpid()}")
    done = subprocess.run(
        [os.environ.get("CC", "gcc"), "-std=gnu11", "-g", "-O1", "-Wall", "-Wextra",
         "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I", "include",
         "-I", "include/uapi", "-I", "userspace/lib", "-o", fresh, *sources, "-lmnl", "-lcjson"],
        cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        fresh.rename(PROGRAM)
    return done.stderr if done.returncode else ""

# SPDX-License-Identifier: GPL-2.0-only
"""DESIGN.md 3 once more, in Python and naive, for tests to compare with.

Written from the text, never from core/: where the two differ, one of them is wrong.
"""

import ipaddress
from fractions import Fraction

U64 = (1 << 64) - 1
GOLDEN_RATIO = 0x9E3779B97F4A7C15
DRAWS = 64
PROTOCOLS = {"tcp": 6, "udp": 17, "sctp": 132}


def mix64(x):
    """splitmix64's finalizer."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & U64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & U64
    return x ^ (x >> 31)


def reduce(x, size):
    """The upper half of x, mapped to 0 .. size - 1."""
    return ((x >> 32) * size) >> 32


def rotate(x, bits):
    return ((x << bits) | (x >> (64 - bits))) & U64


def sip_round(v):
    v[0] = (v[0] + v[1]) & U64
    v[2] = (v[2] + v[3]) & U64
    v[1] = rotate(v[1], 13) ^ v[0]
    v[3] = rotate(v[3], 16) ^ v[2]
    v[0] = rotate(v[0], 32)
    v[2] = (v[2] + v[1]) & U64
    v[0] = (v[0] + v[3]) & U64
    v[1] = rotate(v[1], 17) ^ v[2]
    v[3] = rotate(v[3], 21) ^ v[0]
    v[2] = rotate(v[2], 32)


def siphash(compress, finish, key, data):
    """SipHash-compress-finish of the paper (Aumasson and Bernstein 2012)."""
    k = [int.from_bytes(key[i : i + 8], "little") for i in (0, 8)]
    text = b"somepseudorandomlygeneratedbytes"
    v = [int.from_bytes(text[i : i + 8], "big") for i in range(0, 32, 8)]
    v = [v[0] ^ k[0], v[1] ^ k[1], v[2] ^ k[0], v[3] ^ k[1]]
    zeros = bytes(7 - len(data) % 8)
    padded = data + zeros + bytes([len(data) % 256])
    for i in range(0, len(padded), 8):
        word = int.from_bytes(padded[i : i + 8], "little")
        v[3] ^= word
        for _ in range(compress):
            sip_round(v)
        v[0] ^= word
    v[2] ^= 0xFF
    for _ in range(finish):
        sip_round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def key_check(key):
    return mix64(siphash(2, 4, key, bytes(24)))


def split_endpoint(text):
    """"10.0.0.1:80" or "[2001:db8::1]:80" as an address object and a port."""
    host, _, port = text.rpartition(":")
    return ipaddress.ip_address(host.strip("[]")), int(port)


def address_bytes(address):
    if address.version == 4:
        return bytes(10) + b"\xff\xff" + address.packed
    return address.packed


def flow_hash(key, mode, protocol, source, destination):
    """hs of a flow given as the command line writes it."""
    saddr, sport = split_endpoint(source)
    daddr, dport = split_endpoint(destination)
    if mode == "source":
        rest = bytes(len(daddr.packed) + 8)
    else:
        rest = daddr.packed + sport.to_bytes(2, "big") + dport.to_bytes(2, "big")
        rest += bytes([PROTOCOLS[protocol], 0, 0, 0])
    return siphash(1, 3, key, saddr.packed + rest)


class Backend:
    """One backend as "10.0.0.1:80=WEIGHT[,down|,drain][,share=0..100]" describes it."""

    def __init__(self, text):
        name, _, rest = text.partition("=")
        weight, *words = rest.split(",")
        self.address, self.port = split_endpoint(name)
        self.weight = int(weight)
        self.state, self.share = "up", 100
        for word in words:
            if word.startswith("share="):
                self.share = int(word[6:])
            else:
                self.state = word

    def order(self):
        return address_bytes(self.address), self.port

    def name(self):
        host = f"[{self.address}]" if self.address.version == 6 else self.address
        return f"{host}:{self.port}"

    def derive(self, key, size):
        identity = address_bytes(self.address) + self.port.to_bytes(2, "big") + bytes(5)
        tag = [siphash(2, 4, key, identity + bytes([i])) for i in range(4)]
        self.id, self.seed = tag[0], tag[3]
        self.offset, self.skip = tag[1] % size, tag[2] % (size - 1) + 1

    def serves(self, slot):
        mixed = mix64((self.seed + (slot << 8)) & U64)
        return self.state == "up" and reduce(mixed, 100) < self.share


class Table:
    """Base and live table; owners are backends, None where nobody serves."""

    def __init__(self, size, key, mode, texts):
        everyone = sorted((Backend(text) for text in texts), key=Backend.order)
        self.size, self.key, self.mode = size, key, mode
        self.backends = [b for b in everyone if b.weight]
        self.listed = self.backends + [b for b in everyone if not b.weight]
        for backend in self.backends:
            backend.derive(key, size)
        self.base = self.fill()
        self.live = [self.answer(slot) for slot in range(size)]

    def quotas(self):
        total = sum(b.weight for b in self.backends)
        quota = [self.size * b.weight // total for b in self.backends]
        rest = [self.size * b.weight % total for b in self.backends]
        for i in sorted(range(len(rest)), key=lambda i: (-rest[i], i))[: self.size - sum(quota)]:
            quota[i] += 1
        return quota

    def fill(self):
        base = [None] * self.size
        if not self.backends:
            return base
        claims = [
            (Fraction(2 * k + 1, b.weight), i)
            for i, (b, quota) in enumerate(zip(self.backends, self.quotas()))
            for k in range(quota)
        ]
        for _, i in sorted(claims):
            backend = self.backends[i]
            slot = backend.offset
            while base[slot]:
                slot = (slot + backend.skip) % self.size
            base[slot] = backend
        return base

    def candidates(self):
        up = [b for b in self.backends if b.state == "up"]
        return [b for b in up if b.share > 0] or up

    def answer(self, slot):
        owner = self.base[slot]
        candidates = self.candidates()
        if not candidates:
            return None
        if owner.serves(slot):
            return owner
        for k in range(1, DRAWS + 1):
            drawn = reduce(mix64((owner.seed + (slot << 8) + k) & U64), self.size)
            if self.base[drawn].serves(drawn):
                return self.base[drawn]
        for step in range(1, self.size + 1):
            after = self.base[(slot + step) % self.size]
            if after in candidates:
                return after
        return candidates[0]

    def digest(self, table):
        total = self.size + mix64({"tuple": 0, "source": 1}[self.mode])
        for slot, owner in enumerate(table):
            total += mix64(((owner.id if owner else 0) + slot * GOLDEN_RATIO) & U64)
        return f"{total & U64:016x}"

    def lookup(self, protocol, source, destination):
        """The slot of a flow, and the name of the backend that gets it or None."""
        slot = reduce(flow_hash(self.key, self.mode, protocol, source, destination), self.size)
        owner = self.live[slot]
        return slot, owner.name() if owner else None

# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of maglev-dpdk share: frames in by net_pcap and out again, and what the kernel's
path would have made of them, from Python's struct alone."""
import os
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "net"))
from packets import address, checksum, fix4, GRE, IPIP, SIT, DF  # noqa: E402 pylint: disable=wrong-import-position

PROGRAM = os.environ.get("MAGLEV_DPDK", os.path.join(HERE, "../../build/maglev-dpdk-fixed"))
SLOW = int(os.environ.get("MAGLEV_SLOW", "1"))
CLIENT_MAC = bytes.fromhex("020000000001")
OUR_MAC = bytes.fromhex("020000000002")
HOP_MAC = bytes.fromhex("020000000003")
LINK = "link 02:00:00:00:00:03 02:00:00:00:00:02 0 1500"
KEY = bytes(range(16))
MASK = 2**64 - 1


def ether(packet, dst=OUR_MAC, src=CLIENT_MAC, tag=None):
    kind = struct.pack("!H", 0x800 if packet[0] >> 4 == 4 else 0x86DD)
    return dst + src + (b"" if tag is None else struct.pack("!HH", 0x8100, tag)) + kind + packet


def write_pcap(name, frames):
    with open(name, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for frame in frames:
            file.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)


def read_pcap(name):
    frames = []
    with open(name, "rb") as file:
        data = file.read()
    at = 24
    while at < len(data):
        length = struct.unpack("<I", data[at + 8 : at + 12])[0]
        frames.append(data[at + 16 : at + 16 + length])
        at += 16 + length
    return frames


def run(config, frames, options=(), lcores="0@0-1,1@0-1", ports=1):
    """Frames go in by port 0, or those of frames[i] by port i if there are several. Returns what came out, by port,
    and the counters."""
    by_port = [frames] if ports == 1 else frames
    with tempfile.TemporaryDirectory() as work:
        vdevs = []
        for i in range(ports):
            write_pcap("%s/in%d" % (work, i), by_port[i])
            vdevs += ["--vdev", "net_pcap%d,rx_pcap=%s/in%d,tx_pcap=%s/out%d" % (i, work, i, work, i)]
        with open(work + "/fixed", "w", encoding="ascii") as file:
            file.write("key %s\nframes %d\n%s\n" % (KEY.hex(), sum(map(len, by_port)), config))
        command = [PROGRAM, "--no-huge", "--no-pci", "--no-telemetry", "-m", "256", "--file-prefix", "maglev%d" % os.getpid(),
                   "--lcores", lcores, "--log-level", "4"] + vdevs + ["--"]
        command += ["--kernel", "none", "--idle", "100", "--buffers", "4096", *options]
        environment = dict(os.environ, MAGLEV_FIXED=work + "/fixed", XDG_RUNTIME_DIR=work,
                           ASAN_OPTIONS="detect_leaks=0")
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, timeout=60 * SLOW, check=False)
        if done.returncode:
            raise RuntimeError("maglev-dpdk: exit status %d" % done.returncode)
        counters = {}
        for line in done.stdout.decode().splitlines():
            words = line.split()
            if len(words) == 2 and words[1].isdigit():
                counters[words[0]] = int(words[1])
        out = [read_pcap("%s/out%d" % (work, i)) for i in range(ports)]
        return (out[0] if ports == 1 else out), counters


def rotate(x, bits):
    return (x << bits | x >> (64 - bits)) & MASK


def siphash13(data, key=KEY):
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rounds(n):
        for _ in range(n):
            v[0] = (v[0] + v[1]) & MASK
            v[2] = (v[2] + v[3]) & MASK
            v[1] = rotate(v[1], 13) ^ v[0]
            v[3] = rotate(v[3], 16) ^ v[2]
            v[0] = (rotate(v[0], 32) + v[3]) & MASK
            v[2] = (v[2] + v[1]) & MASK
            v[1] = rotate(v[1], 17) ^ v[2]
            v[3] = rotate(v[3], 21) ^ v[0]
            v[2] = rotate(v[2], 32)

    padded = data + b"\0" * (-(len(data) + 1) % 8) + bytes([len(data) & 255])
    for word in struct.unpack("<%dQ" % (len(padded) // 8), padded):
        v[3] ^= word
        rounds(1)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(3)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def flow_hash(src, dst, sport, dport, protocol):
    return siphash13(address(src) + address(dst) + struct.pack("!HHBxxx", sport, dport, protocol))


def decremented(packet):
    if packet[0] >> 4 == 6:
        return packet[:7] + bytes([packet[7] - 1]) + packet[8:]
    return fix4(packet[:8] + bytes([packet[8] - 1]) + packet[9:])


def encapsulated(packet, src, dst, kind, label=0, ident=0, frag=None):
    """packet as the client sent it; frag: of the outer header, by default as the inner one has it."""
    inner4 = packet[0] >> 4 == 4
    if inner4:
        ds, ttl, own_frag = packet[1], packet[8] - 1, struct.unpack("!H", packet[6:8])[0] & DF
    else:
        ds, ttl, own_frag = struct.unpack("!I", packet[:4])[0] >> 20 & 255, packet[7] - 1, DF
    inner = decremented(packet)
    protocol = IPIP if inner4 else SIT
    if kind != "ipip":
        tail = struct.pack("!HH", 0x8000 if kind == "gre-csum" else 0, 0x800 if inner4 else 0x86DD)
        if kind == "gre-csum":
            tail += struct.pack("!HH", checksum(tail + b"\0\0\0\0" + inner), 0)
        inner = tail + inner
        protocol = GRE
    if ":" in dst:
        head = struct.pack("!IHBB", 6 << 28 | ds << 20 | label & 0xFFFFF, len(inner), protocol, ttl)
        return head + address(src) + address(dst) + inner
    frag = own_frag if frag is None else frag
    head = struct.pack("!BBHHHBBH", 0x45, ds, 20 + len(inner), ident, frag, ttl, protocol, 0)
    return fix4(head + address(src) + address(dst)) + inner


class Checks:
    """TAP on stdout."""

    def __init__(self):
        self.n = self.failed = 0

    def expect(self, what, expected, got):
        self.n += 1
        if expected == got:
            print("ok %d %s" % (self.n, what))
            return
        self.failed += 1
        print("not ok %d %s" % (self.n, what))
        for name, value in (("expected", expected), ("got", got)):
            print("# %s %s" % (name, value.hex() if isinstance(value, bytes) else value))

    def done(self):
        print("1..%d" % self.n)
        sys.exit(1 if self.failed else 0)

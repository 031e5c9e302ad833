#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""kernel_guest.py PLAN: PID 1 of User-Mode Linux, run by selftests/bench/kernel: measures what that file asks for. Each
figure is a line of JSON on the console; what was not forwarded as it should be is an error there.

  pktgen: netif_receive_skb() on rx0          \\
  frames send, on the other end of rx0 (veth)  --- balancer --- tx0 (dummy, no neighbours), towards the backends
                                               VIP on lo, or routed by tx0

For each figure all starts afresh: modules are loaded anew, which ends all connections and flows.
"""

import contextlib
import json
import sys
import time
from pathlib import Path

import kernel_delay
from uml_guest import Failed, run, run_as_init, say

SOURCES = 16
BACKENDS = 10
PORT = 80
FIRST_PORT = 1024  # of sources; IPVS takes none from 20, for FTP's data
WARM_PORT = 64000  # of flows that come before those that are all new
WARM_PORTS = 511
NEW_PORTS = 62501
TCP_TIMES = 4  # as many packets, so that starting who sends them, some 10 ms, counts for little
PKTGEN = Path("/proc/net/pktgen")
ETHERNET = 14
OVERHEAD = {"gre": (24, 44), "ipip": (20, 40)}  # IPv4, IPv6
DEVICES = {"gre": ("gre", "ip6gre"), "ipip": ("ipip", "ip6tnl mode ip6ip6")}  # of the kernel's own tunnels
MANY_FLOWS = 1 << 21  # twice what columns of 1M have; others have the module's default


class Family:
    def __init__(self, version):
        self.v6 = version == 6
        self.vip = "2001:db8:1::10" if self.v6 else "192.0.2.10"
        self.prefix = f"{self.vip}/{128 if self.v6 else 32}"
        self.endpoint = f"[{self.vip}]:{PORT}" if self.v6 else f"{self.vip}:{PORT}"
        self.daddr = f"{'ip6' if self.v6 else 'ip'} daddr {self.vip}"
        self.ip = ("ip", "-6" if self.v6 else "-4")

    def source(self, i):
        return f"2001:2::{i + 1:x}" if self.v6 else f"198.18.0.{i + 1}"

    def backend(self, i):
        return f"[2001:db8::{i + 1:x}]:{PORT}" if self.v6 else f"10.0.0.{i + 1}:{PORT}"

    def device(self, tunnel):
        ends = "2001:db8::fe remote 2001:db8::1 encaplimit none" if self.v6 else "10.0.0.254 remote 10.0.0.1"
        return f"link add tunnel0 type {DEVICES[tunnel][self.v6]} local {ends} ttl 64"


class Guest:
    def __init__(self, top, root):
        self.top = top
        self.modules = ("-d", f"{root}/usr")
        self.adm = f"{top}/build/maglevadm"
        self.module = f"{top}/build/module-uml/ip_vs_maglev.ko"

    def add_links(self):
        # Nothing but what is measured is to leave: no router solicitations, nobody's reports of groups.
        run("sysctl", "-qw", "net.ipv6.mld_qrv=1", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
            "net.ipv6.conf.default.router_solicitations=0", "net.ipv6.conf.default.addr_gen_mode=1")
        run("ip", "netns", "add", "sender")
        run("ip", "netns", "exec", "sender", "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        run("ip", "-batch", "-", text="\n".join([
            "link set lo up",
            "link add rx0 type veth peer name src0 netns sender",
            "link add tx0 type dummy",
            "link set rx0 up", "link set tx0 up",
            "addr add 10.0.0.254/24 dev tx0", "addr add 2001:db8::fe/64 dev tx0 nodad",
            "addr add 198.51.100.1/24 dev rx0", "addr add 2001:db8:100::1/64 dev rx0 nodad"]))
        run("ip", "-n", "sender", "link", "set", "src0", "up")
        self.mac = Path("/sys/class/net/rx0/address").read_text(encoding="ascii").strip()

    def modprobe(self, *words):
        run("modprobe", *self.modules, *words)

    def load(self, row, column):
        self.modprobe("nf_conntrack", "hashsize=1048576")
        if column["conntrack"]:
            run("sysctl", "-qw", "net.netfilter.nf_conntrack_max=4194304")
            self.modprobe("nft_ct")
            run("nft", "-f", "-", text="""table inet stateful {
                chain input { type filter hook input priority filter; ct state invalid drop; }
                chain forward { type filter hook forward priority filter; ct state invalid drop; }
            }""")
        if row["way"] in ("ipvs", "local", "early"):
            self.modprobe("ip_vs", "conn_tab_bits=20")
        if row["way"] == "ipvs":
            self.modprobe("ip_vs_mh")
        if row["way"] in ("local", "early"):
            run("insmod", self.module)
            run(self.adm, "set", "hook", row["way"])
            if column["load"] == "1M":
                run(self.adm, "set", "flows", str(MANY_FLOWS))

    def unload(self):
        run("ipvsadm", "-C", ok=False)
        run("nft", "flush", "ruleset")
        run("tc", "qdisc", "del", "dev", "rx0", "clsact", ok=False)
        run("ip", "link", "del", "tunnel0", ok=False)
        for name in "ip_vs_maglev", "ip_vs_mh", "ip_vs", "nft_ct", "nf_conntrack":
            self.remove(name)

    def remove(self, name):
        for _ in range(100):
            if not Path(f"/sys/module/{name}").exists():
                return
            run("rmmod", name, ok=False)
            time.sleep(0.05)
        raise Failed(f"{name} stays loaded")

    def route(self, family, device):
        for command in ("addr", "del", family.prefix, "dev", "lo"), ("route", "del", family.prefix):
            run(*family.ip, *command, ok=False)
        if device == "lo":
            run("ip", "addr", "add", family.prefix, "dev", "lo", *(["nodad"] if family.v6 else []))
        else:
            run(*family.ip, "route", "add", family.prefix, "dev", device)

    def set_up(self, row, family, column):
        way = row["way"]
        self.load(row, column)
        if way == "device":
            run("ip", "-batch", "-", text=f"{family.device(row['tunnel'])}\nlink set tunnel0 up\n")
        self.route(family, {"forward": "tx0", "mirred": "tx0", "device": "tunnel0"}.get(way, "lo"))
        if way == "drop":
            run("nft", "-f", "-", text=f"""table inet floor {{
                chain raw {{ type filter hook prerouting priority raw; {family.daddr} counter drop; }}
            }}""")
        elif way == "mirred":
            run("tc", "qdisc", "add", "dev", "rx0", "clsact")
            run("tc", "filter", "add", "dev", "rx0", "ingress", "matchall", "action", "mirred", "egress", "redirect",
                "dev", "tx0")
        elif way not in ("forward", "device"):
            self.add_service(row, family, column)

    def add_service(self, row, family, column):
        protocol = "-u" if column["traffic"] == "udp" else "-t"
        scheduler = "mh -b mh-port" if row["way"] == "ipvs" else "maglev"
        lines = [f"-A {protocol} {family.endpoint} -s {scheduler}"]
        lines += [f"-a {protocol} {family.endpoint} -r {family.backend(i)} -i --tun-type {row['tunnel']}"
                  for i in range(BACKENDS)]
        run("ipvsadm", "-R", text="\n".join(lines) + "\n")
        # For its longest timeout a new service asks IPVS for connections of old. The figures are of the time after.
        if row["way"] != "ipvs" and column["flows"] == "new" and column["traffic"] == "udp":
            run("ipvsadm", "--set", "0", "0", "1")
            time.sleep(2.2)


@contextlib.contextmanager
def timed():
    """The host looks at its clock when it is told, and answers when it has."""
    say(clock="start")
    sys.stdin.readline()
    yield
    say(clock="stop")
    sys.stdin.readline()


class Traffic:
    """Of a column: to warm up, and then to be measured."""

    def __init__(self, guest, row, family, column, packets):
        self.guest = guest
        self.row = row
        self.family = family
        self.conntrack = column["conntrack"]
        self.flows = column["flows"]
        self.packets = packets

    def warm_up(self):
        raise NotImplementedError

    def measure(self):
        """Returns how many packets were sent. The host takes the time between two words to it."""
        raise NotImplementedError

    def pace(self, rate):
        """No more packets a second than that from now on."""
        raise NotImplementedError


class Udp(Traffic):
    """By pktgen. Of IPv6 a device of it has one source, so there is one for each; they take turns."""

    def __init__(self, *words):
        super().__init__(*words)
        self.len = ETHERNET + (64 if self.family.v6 else 46)
        self.devices = [f"rx0@{i}" for i in range(SOURCES if self.family.v6 else 1)]
        self.rate = None

    def send(self, first_port, n_ports, packets, random):
        each = packets // len(self.devices)
        (PKTGEN / "kpktgend_0").write_text("rem_device_all\n", encoding="ascii")
        for i, device in enumerate(self.devices):
            (PKTGEN / "kpktgend_0").write_text(f"add_device {device}\n", encoding="ascii")
            for word in self.settings(i, first_port, n_ports, random):
                (PKTGEN / device).write_text(word + "\n", encoding="ascii")
            (PKTGEN / device).write_text(f"count {each}\n", encoding="ascii")
        with timed():
            (PKTGEN / "pgctrl").write_text("start\n", encoding="ascii")
        for device in self.devices:
            self.check(device, each)
        return each * len(self.devices)

    def settings(self, i, first_port, n_ports, random):
        words = ["clone_skb 0", f"pkt_size {self.len}", "flag NO_TIMESTAMP", "flag !SHARED",
                 "xmit_mode netif_receive", f"dst_mac {self.guest.mac}", f"udp_dst_min {PORT}", f"udp_dst_max {PORT}",
                 f"udp_src_min {first_port}", f"udp_src_max {first_port + n_ports}"]
        if self.rate:
            words.append(f"ratep {self.rate // len(self.devices)}")
        if random:
            words.append("flag UDPSRC_RND")
        if self.family.v6:
            # A device that is behind with its delay sends at once; one without would not let others have a turn.
            return words + ([] if self.rate else ["delay 1000"]) + [f"dst6 {self.family.vip}", f"src6 {self.family.source(i)}"]
        # In order, the greatest is one of them; at random it is not.
        last = self.family.source(SOURCES if random else SOURCES - 1)
        words += [f"dst {self.family.vip}", f"src_min {self.family.source(0)}", f"src_max {last}"]
        return words + (["flag IPSRC_RND"] if random else [])

    def check(self, device, packets):
        """It says: "Result: OK: 1234(c1200+d34) usec, 62500 (60byte,0frags)"."""
        said = (PKTGEN / device).read_text(encoding="ascii").split("Result: ")[1]
        if not said.startswith("OK: ") or int(said.split(" usec, ")[1].split()[0]) != packets:
            raise Failed(f"pktgen: {said}")

    def warm_up(self):
        if self.flows == "new":
            self.send(WARM_PORT, WARM_PORTS, WARM_PORTS * SOURCES, False)
        else:
            self.send(FIRST_PORT, self.n_ports(), self.n_ports() * SOURCES, False)

    def measure(self):
        if self.flows == "new":
            return self.send(FIRST_PORT, NEW_PORTS, self.packets, False)
        return self.send(FIRST_PORT, self.n_ports(), self.packets, True)

    def pace(self, rate):
        self.rate = rate

    def n_ports(self):
        """Odd: sources and ports go round together, and are to meet in all pairs."""
        return self.flows // SOURCES | 1


class Tcp(Traffic):
    """The flows' SYN and what establishes them come before; measured are ACKs, or only SYNs of new ones."""

    def __init__(self, *words):
        super().__init__(*words)
        self.len = ETHERNET + (60 if self.family.v6 else 40)

    def send(self, *words):
        with timed():
            said = run("ip", "netns", "exec", "sender", f"{self.guest.top}/build/frames", "send", "-i", "src0", "--vip",
                       self.family.vip, "--dst-mac", self.guest.mac, "--payload", "0", *words).split()
        return int(said[1])

    def warm_up(self):
        flows = str(WARM_PORTS * SOURCES if self.flows == "new" else self.flows)
        # A firewall that lets a SYN through and never sees its answer takes an ACK for invalid; of a connection that
        # it meets in its midst it does not.
        is_seen = self.conntrack and self.row["way"] in ("forward", "device")
        for kind in ("ack",) if is_seen else ("syn", "ack"):
            self.send("--kind", kind, "--flows", flows, "--order", "sequential")

    def measure(self):
        if self.flows == "new":
            return self.send("--kind", "syn", "--flows", str(self.packets), "--first", "16777216", "--order",
                             "sequential")
        return self.send("--kind", "ack", "--flows", str(self.flows), "--order", "random", "--packets",
                         str(max(1, TCP_TIMES * self.packets // self.flows)))


TRAFFIC = {"udp": Udp, "tcp": Tcp}


def statistic(name):
    return int(Path(f"/sys/class/net/tx0/statistics/{name}").read_text(encoding="ascii"))


class Counters:
    """What says that packets went where they should."""

    def __init__(self, guest, row, family):
        self.guest = guest
        self.row = row
        self.family = family
        self.before = self.read()

    def read(self):
        counts = {"tx": statistic("tx_packets"), "bytes": statistic("tx_bytes")}
        if self.row["way"] == "drop":
            rules = json.loads(run("nft", "-j", "list", "chain", "inet", "floor", "raw"))["nftables"]
            counts["dropped"] = next(part["counter"]["packets"] for rule in rules if "rule" in rule
                                     for part in rule["rule"]["expr"] if "counter" in part)
        if self.row["way"] == "early":
            counts["early"] = json.loads(run(self.guest.adm, "-j", "stats", "all"))["counters"]["early"]
        return counts

    def check(self, packets, frame_len):
        now = self.read()
        seen = {name: now[name] - self.before[name] for name in now}
        wanted = {"tx": packets, "bytes": packets * (frame_len + self.overhead())}
        if self.row["way"] == "drop":
            wanted = {"tx": 0, "bytes": 0, "dropped": packets}
        if self.row["way"] == "early":
            wanted["early"] = packets
        if seen != wanted:
            raise Failed(f"of {packets} packets: wanted {wanted}, saw {seen}")

    def overhead(self):
        return OVERHEAD[self.row["tunnel"]][self.family.v6] if self.row.get("tunnel") else 0


def measure(guest, plan, row, column):
    """Returns what is to be said of it."""
    family = Family(column["family"])
    traffic = TRAFFIC[column["traffic"]](guest, row, family, column, plan["packets"])
    try:
        guest.set_up(row, family, column)
        traffic.warm_up()
        counters = Counters(guest, row, family)
        if plan.get("profile"):
            names = Path("/proc/kallsyms").read_text(encoding="ascii").splitlines()
            say(symbols=[name for name in names if "[" in name])
            sys.stdin.readline()
        if "rates" in plan:
            return {"delays": measure_delays(traffic, plan["rates"][column["name"]][row["name"]])}
        packets = traffic.measure()
        counters.check(packets, traffic.len)
        return {"packets": packets}
    finally:
        guest.unload()


def measure_delays(traffic, rate):
    traffic.pace(rate)
    with kernel_delay.recording():
        packets = traffic.measure()
    delays = kernel_delay.read_delays()
    if len(delays) != packets:
        raise Failed(f"of {packets} packets {len(delays)} were seen to be sent")
    return {f"p{percent}": delays[len(delays) * percent // 100] for percent in (50, 99)}


def measure_all(guest, plan):
    for turn in range(plan["rounds"]):
        for column in plan["columns"]:
            for row in plan["rows"]:
                what = {"round": turn, "row": row["name"], "column": column["name"]}
                try:
                    say(**what, **measure(guest, plan, row, column))
                except (Failed, OSError, KeyError, ValueError) as error:
                    say(**what, error=str(error))


def main(plan):
    guest = Guest(plan["top"], plan["root"])
    guest.add_links()
    measure_all(guest, plan)


run_as_init(main)

# SPDX-License-Identifier: GPL-2.0-only
"""The hosts, each a network namespace, and where they are.

  client --- router --- one, two        two balancers (shards), each with VIPs of its own on lo
               |
               +--- b1 ... b5           backends with stock tunnels of all kinds, and all VIPs on lo
               +--- 10.0.4.0/24         silent backends: the router drops what is for them
"""

import os
import time

import netns

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAGLEVADM = os.environ.get("MAGLEVADM", f"{TOP}/build/maglevadm")
CLIENT = {4: "198.51.100.7", 6: "2001:db8:100::7"}
SHARDS = {"one": 1, "two": 2}
VIPS = {"one": {4: "192.0.2.10", 6: "2001:db8:1::10"}, "two": {4: "192.0.2.20", 6: "2001:db8:1::20"}}
BACKENDS = range(1, 6)
KEY = "000102030405060708090a0b0c0d0e0f"


def endpoint(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def shard_address(shard, family):
    return f"10.0.{SHARDS[shard]}.2" if family == 4 else f"2001:db8:10{SHARDS[shard]}::2"


def backend_address(number, family, silent=False):
    if silent:
        return f"10.0.4.{number}" if family == 4 else f"2001:db8:4::{number}"
    return f"10.0.0.{number}" if family == 4 else f"2001:db8::{number}"


def all_vips():
    return [vip for vips in VIPS.values() for vip in vips.values()]


def attach(name, address, gateway, address6, gateway6):
    netns.ip(None, f"link add eth0 netns {netns.PREFIX}-{name} type veth peer name {name} netns {netns.PREFIX}-router\n")
    netns.ip(name, f"""
        link set lo up
        link set eth0 up
        addr add {address} dev eth0
        addr add {address6} dev eth0 nodad
        route add default via {gateway}
        route add default via {gateway6}
        """)


def add_vips(name, vips):
    netns.ip(name, "".join(f"addr add {vip}/{128 if ':' in vip else 32} dev lo{' nodad' if ':' in vip else ''}\n" for vip in vips))


def add_backend(number):
    name = f"b{number}"
    netns.add(name)
    attach(name, f"10.0.0.{number}/24", "10.0.0.254", f"2001:db8::{number}/64", "2001:db8::fe")
    netns.ip("router", f"link set {name} up\nlink set {name} master backends\n")
    add_vips(name, all_vips())
    netns.ip(name, f"""
        link add gre4 type gre local 10.0.0.{number} remote any
        link add gre6 type ip6gre local 2001:db8::{number} remote any
        link add ipip4 type ipip local 10.0.0.{number} remote any
        link add sit4 type sit local 10.0.0.{number} remote any
        link add any6 type ip6tnl mode any local 2001:db8::{number} remote any
        link set gre4 up
        link set gre6 up
        link set ipip4 up
        link set sit4 up
        link set any6 up
        """)


def add_shard(name):
    number = SHARDS[name]
    netns.add(name)
    attach(name, f"10.0.{number}.2/24", f"10.0.{number}.1", f"2001:db8:10{number}::2/64", f"2001:db8:10{number}::1")
    add_vips(name, VIPS[name].values())
    # Where outer sources may be taken from.
    netns.ip(name, f"route add local 10.77.{number}.0/26 dev lo\nroute add local 2001:db8:77:{number}::/64 dev lo\n")
    restore_shard(name)


def restore_shard(name):
    """The router's end: what is lost when the link goes down."""
    number = SHARDS[name]
    netns.ip("router", f"""
        link set {name} up
        addr replace 10.0.{number}.1/24 dev {name}
        addr replace 2001:db8:10{number}::1/64 dev {name} nodad
        route replace {VIPS[name][4]} via 10.0.{number}.2
        route replace {VIPS[name][6]} via 2001:db8:10{number}::2
        """)


def restore_gateways(name):
    """The balancer's end, likewise."""
    number = SHARDS[name]
    netns.ip(name, f"""
        link set eth0 up
        addr replace 10.0.{number}.2/24 dev eth0
        addr replace 2001:db8:10{number}::2/64 dev eth0 nodad
        route replace default via 10.0.{number}.1
        route replace default via 2001:db8:10{number}::1
        """)


def setup():
    netns.add("router")
    netns.ip("router", """
        link set lo up
        link add backends type bridge
        link set backends up
        addr add 10.0.0.254/24 dev backends
        addr add 2001:db8::fe/64 dev backends nodad
        route add blackhole 10.0.4.0/24
        route add blackhole 2001:db8:4::/64
        route add blackhole 198.18.0.0/15
        route add blackhole 2001:2::/48
        """)
    netns.sysctl("router", ipv4__icmp_ratelimit=0)
    netns.add("client")
    attach("client", "198.51.100.7/24", "198.51.100.1", "2001:db8:100::7/64", "2001:db8:100::1")
    netns.ip("router", "link set client up\naddr add 198.51.100.1/24 dev client\naddr add 2001:db8:100::1/64 dev client nodad\n")
    for name in SHARDS:
        add_shard(name)
    for number in BACKENDS:
        add_backend(number)


def teardown():
    """Connections that nobody has any more soon give up: they keep their namespaces."""
    for name in netns.names():
        netns.sysctl(name, ipv4__tcp_orphan_retries=1, ipv4__tcp_fin_timeout=2)
        netns.delete(name)


def load_module():
    """Afresh, and under both its names."""
    unload_module(60)
    unload_others()
    netns.run(None, "modprobe", "ip_vs_maglev", "replace_mh=1", "table_size=509", f"hash_key={KEY}")


def unload_module(seconds):
    """A namespace's services go a while after its name: so ask until it is let go."""
    end = time.monotonic() + seconds
    while os.path.exists("/sys/module/ip_vs_maglev"):
        try:
            netns.run(None, "rmmod", "ip_vs_maglev")
        except netns.Refused:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def unload_others():
    """Schedulers that others, or actions, have had loaded."""
    try:
        netns.run(None, "modprobe", "-qr", "ip_vs_mh", "ip_vs_rr", "ip_vs_wlc")
    except netns.Refused:
        pass  # it is still in use, by a namespace that is about to end

# SPDX-License-Identifier: GPL-2.0-only
"""One shard is flooded, the other has clients: what these lose, beside what they lose without the flood.

A balancer with several shards gives each the CPUs on which its network card's queues interrupt. So here: the flood comes to
shard one by a link of its own, and sender, balancer and the dropping router run on CPU 0; clients and servers of shard two
run on CPU 1. What the shards share is the kernel and the module.
"""

import select
import socket
import subprocess
import sys
import time

import netns
import world

PORT, FLOODED_PORT = 84, 85
RATE, SECONDS, PATIENCE_S = 100, 5, 15
CPU_FLOODED, CPU_OTHER = "0", "1"


def answer(vip):
    sock = socket.socket(socket.AF_INET6 if ":" in vip else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((vip, PORT))
    print("ready", flush=True)
    while True:
        said, peer = sock.recvfrom(2048)
        sock.sendto(said, peer)


def ask(vip):
    """So many requests a second whatever becomes of them, from many ports; prints sent and answered."""
    family = socket.AF_INET6 if ":" in vip else socket.AF_INET
    socks = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(20)]
    for sock in socks:
        sock.connect((vip, PORT))
        sock.setblocking(False)
    sent, answered = 0, set()
    begun = time.monotonic()
    while time.monotonic() < begun + SECONDS + PATIENCE_S and (sent < RATE * SECONDS or len(answered) < sent):
        while sent < RATE * SECONDS and time.monotonic() >= begun + sent / RATE:
            try:
                socks[sent % len(socks)].send(b"%d" % sent)
            except OSError:
                pass
            sent += 1
        for sock in select.select(socks, [], [], 1 / RATE)[0]:
            try:
                answered.add(sock.recv(2048))
            except OSError:
                pass
    print(sent, len(answered))


def measure():
    counts = [0, 0]
    for family in (4, 6):
        said = netns.run("client", "taskset", "-c", CPU_OTHER, sys.executable, __file__, "ask", world.VIPS["two"][family])
        counts = [before + int(now) for before, now in zip(counts, said.split())]
    return counts


def make():
    """The link of the flood, its services, those of the other shard and their server."""
    netns.add("flood")
    netns.ip(None, f"link add eth0 netns {netns.PREFIX}-flood type veth peer name flood netns {netns.PREFIX}-one\n")
    netns.ip("one", "link set flood up\naddr add 10.8.0.1/24 dev flood\n")
    netns.ip("flood", f"link set eth0 up\naddr add 10.8.0.2/24 dev eth0\nroute add {world.VIPS['one'][4]} via 10.8.0.1\n")
    service = f"{world.VIPS['one'][4]}:{FLOODED_PORT}"
    netns.run("one", "ipvsadm", "-R", text=f"-A -t {service} -s maglev\n" + "".join(
        f"-a -t {service} -r 10.0.4.{i}:{FLOODED_PORT} -i --tun-type gre\n" for i in (1, 2, 3)))
    for family in (4, 6):
        service = world.endpoint(world.VIPS["two"][family], PORT)
        netns.run("two", "ipvsadm", "-R", text=f"-A -u {service} -s maglev\n" + "".join(
            f"-a -u {service} -r {world.endpoint(world.backend_address(i, family), PORT)} -i --tun-type gre\n" for i in (1, 2)))
    netns.run("one", world.MAGLEVADM, "set", "hook", "local")
    netns.run("two", world.MAGLEVADM, "set", "hook", "local")


def servers():
    started = [netns.start(f"b{number}", "taskset", "-c", CPU_OTHER, sys.executable, __file__, "answer", vip, stdout=subprocess.PIPE)
               for number in (1, 2) for vip in world.VIPS["two"].values()]
    for server in started:
        server.stdout.readline()
    return started


def compare(directory):
    """Percent answered without and with the flood, and packets of the flood."""
    make()
    started = servers()
    sent, calm = measure()
    with open(f"{directory}/flood", "w", encoding="utf-8") as log:
        flood = netns.start("flood", "taskset", "-c", CPU_FLOODED, f"{world.TOP}/build/frames", "send", "-i", "eth0", "--vip",
                            world.VIPS["one"][4], "--port", str(FLOODED_PORT), "--kind", "syn", "--spoof", "--seconds", "600",
                            stdout=log, stderr=log)
    _, flooded = measure()
    if flood.poll() is not None:
        raise RuntimeError("the flood ended by itself")
    flood.terminate()
    flood.wait()
    for server in started:
        server.kill()
        server.wait()
    with open(f"{directory}/flood", encoding="utf-8") as log:
        said = log.read().strip()
    return 100 * calm / sent, 100 * flooded / sent, said


if __name__ == "__main__":
    {"answer": answer, "ask": ask}[sys.argv[1]](*sys.argv[2:])

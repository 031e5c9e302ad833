# SPDX-License-Identifier: GPL-2.0-only
"""Clients and servers, in one thread with one loop: sockets stay in the namespace in which they were made.

A server says "bI 0" and a newline at once, "bI 1" a pause later, and so on, whatever the client sends, until that says
"end"; to GET it answers in HTTP, and to a datagram by its name and the datagram. A client answers each line by one of its
own, some by thousands of bytes.
"""

import errno
import heapq
import itertools
import os
import random
import re
import selectors
import socket
import struct
import subprocess
import threading
import time

import netns
import world

SLOW = int(os.environ.get("MAGLEV_SLOW", "1"))
STALL_S = 45 * SLOW  # a flow that makes no progress for so long is broken
PAUSE_S = 1.0
TICK_S = 0.1
CURL_EACH = 3
UPLOAD = b"x" * 4000
BIG = b"x" * 3000  # a datagram of three fragments
TCP_PORTS, UDP_PORT = (80, 8080, 8081), 53
HARMLESS = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EAGAIN, errno.EMSGSIZE, errno.ENOBUFS)
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}


class Traffic(threading.Thread):
    def __init__(self, model, seed, long_flows, rate):
        super().__init__(name="traffic", daemon=True)
        self.model = model
        self.random = random.Random(seed + 1)
        self.long_flows = long_flows
        self.rate = rate  # of flows begun a second
        self.selector = selectors.DefaultSelector()
        self.timers = []
        self.order = itertools.count()
        self.calls = []
        self.long = set()
        self.listeners = {}
        self.server_of = {}
        self.raw = {}
        self.curls = set()  # processes
        self.stopping = False
        self.ended = False
        self.error = None
        self.kinds = itertools.cycle(("short", "udp", "short", "error", "short", "curl"))

    # What the driver's thread calls.

    def call(self, function, *words):
        """Have it called by this thread, and wait until it was."""
        done = threading.Event()
        self.calls.append((function, words, done))
        if not done.wait(60 * SLOW):
            raise RuntimeError("traffic hangs")

    def serve(self, number, port):
        with netns.inside(f"b{number}"):
            listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            listener.bind(("::", port))
            listener.listen(1024)
            listener.setblocking(False)
        self.listeners[number, port] = listener
        self.watch(listener, selectors.EVENT_READ, lambda _: self.accept(listener, number, port))

    def close_server(self, number, port):
        """With all its connections."""
        self.forget(self.listeners.pop((number, port)))
        for sock in [sock for sock, where in self.server_of.items() if where == (number, port)]:
            self.forget(sock)

    def serve_datagrams(self, number):
        for vip in world.all_vips():
            with netns.inside(f"b{number}"):
                sock = socket.socket(FAMILY[6 if ":" in vip else 4], socket.SOCK_DGRAM)
                sock.bind((vip, UDP_PORT))
                sock.setblocking(False)
            self.watch(sock, selectors.EVENT_READ, lambda _, sock=sock: self.answer(sock, number))

    # The loop.

    def run(self):
        try:
            netns.enter("client")
            for number in world.BACKENDS:
                for port in TCP_PORTS:
                    self.serve(number, port)
                self.serve_datagrams(number)
            self.raw = {4: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
                        6: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)}
            self.due = time.monotonic()
            self.tick()
            while not self.ended:
                self.turn()
        except BaseException as error:  # the driver's thread says so
            self.error = error
            raise
        finally:
            for key in list(self.selector.get_map().values()):
                key.fileobj.close()
            self.close_rest()

    def turn(self):
        while self.calls:
            function, words, done = self.calls.pop(0)
            function(*words)
            done.set()
        left = self.timers[0][0] - time.monotonic()
        for key, events in self.selector.select(max(0, min(left, TICK_S))):
            if key.fileobj.fileno() >= 0:
                key.data(events)
        while self.timers and self.timers[0][0] <= time.monotonic():
            heapq.heappop(self.timers)[2]()

    def later(self, seconds, function):
        heapq.heappush(self.timers, (time.monotonic() + seconds, next(self.order), function))

    def watch(self, sock, events, function):
        self.selector.register(sock, events, function)

    def forget(self, sock):
        self.server_of.pop(sock, None)
        if sock.fileno() >= 0:
            self.selector.unregister(sock)
            sock.close()

    def tick(self):
        self.later(TICK_S, self.tick)
        now = time.monotonic()
        for flow in list(self.model.flows):
            if now - flow.progress > STALL_S:
                self.breaks(flow, f"silent for {STALL_S} s")
        if self.stopping:
            return
        begun = 0
        while self.due <= now and begun < 5:
            self.due = max(self.due + self.random.expovariate(self.rate), now - 1)
            self.begin_one(next(self.kinds))
            begun += 1
        while len(self.long) < self.long_flows and begun < 8:
            self.begin_one("long")
            begun += 1

    # Servers.

    def accept(self, listener, number, port):
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        sock.setblocking(False)
        self.server_of[sock] = number, port
        self.watch(sock, selectors.EVENT_READ, lambda _: self.greet(sock, number))

    def greet(self, sock, number):
        said = self.receive(sock)
        if not said:
            self.forget(sock)
        elif said.startswith(b"GET"):
            self.transmit(sock, b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nb%d\n" % number)
            sock.shutdown(socket.SHUT_WR)
        elif not said.startswith(b"drip"):
            pass  # the rest of a request
        else:
            self.selector.modify(sock, selectors.EVENT_READ, lambda _: self.hear_client(sock))
            self.drip(sock, number, 0)

    def hear_client(self, sock):
        said = self.receive(sock)
        if not said:
            self.forget(sock)
        elif said.endswith(b"end\n"):
            self.transmit(sock, b"end\n")
            self.forget(sock)

    def drip(self, sock, number, line):
        if sock.fileno() < 0:
            return
        if not self.transmit(sock, b"b%d %d\n" % (number, line)):
            self.forget(sock)
            return
        self.later(PAUSE_S, lambda: self.drip(sock, number, line + 1))

    def answer(self, sock, number):
        try:
            said, peer = sock.recvfrom(65536)
            sock.sendto(b"b%d " % number + said[:20], peer)
        except OSError:
            pass

    # A byte stream's ends: b"" is its end, whatever the reason, which is then in self.reason.

    def receive(self, sock):
        self.reason = "its end"
        try:
            return sock.recv(65536)
        except BlockingIOError:
            return b"\n"
        except OSError as error:
            self.reason = errno.errorcode.get(error.errno, str(error))
            return b""

    def transmit(self, sock, data):
        try:
            sock.send(data)
        except BlockingIOError:
            pass
        except OSError as error:
            self.reason = errno.errorcode.get(error.errno, str(error))
            return False
        return True

    # Clients.

    def begin_one(self, kind):
        with self.model.lock:
            able = [service for service in self.model.services if service.exists and not service.silent
                    and service.protocol == ("udp" if kind == "udp" else "tcp")]
        if not able:
            return
        service = self.random.choice(able)
        if kind == "error":
            self.send_error()
        elif kind == "curl":
            self.begin_curl(service)
        elif kind == "udp":
            self.begin_udp(service)
        else:
            self.begin_tcp(service, kind)

    def breaks(self, flow, why):
        self.model.breaks(flow, why)
        self.leave(flow)

    def leave(self, flow):
        self.long.discard(flow)
        if flow.sock:
            self.forget(flow.sock)

    def finish(self, flow):
        self.model.finish(flow)
        self.leave(flow)

    def begin_tcp(self, service, kind):
        flow = self.model.begin(kind, service)
        flow.sock = socket.socket(FAMILY[service.family], socket.SOCK_STREAM)
        flow.sock.setblocking(False)
        flow.text = b""
        flow.uploads = self.random.random() < 0.2
        flow.ends = False
        if kind == "long":
            self.long.add(flow)
            # Some stay as long as there is traffic.
            flow.until = time.monotonic() + (self.random.expovariate(1 / 30) if self.random.random() < 0.7 else 1e9)
        failed = flow.sock.connect_ex((service.vip, service.port))
        if failed not in (0, errno.EINPROGRESS):
            flow.sock.close()
            self.breaks(flow, errno.errorcode[failed])
            return
        flow.port = flow.sock.getsockname()[1]
        self.watch(flow.sock, selectors.EVENT_WRITE, lambda _: self.connected(flow))

    def connected(self, flow):
        asked = self.transmit(flow.sock, b"drip\n" if flow.kind == "long" else b"GET / HTTP/1.0\r\n\r\n")
        if not asked:
            self.breaks(flow, self.reason)
            return
        hear = self.hear_lines if flow.kind == "long" else self.hear_answer
        self.selector.modify(flow.sock, selectors.EVENT_READ, lambda _: hear(flow))

    def hear_answer(self, flow):
        said = self.receive(flow.sock)
        flow.text += said
        if said:
            return
        found = re.search(rb"\r\n\r\nb(\d+)\n", flow.text)
        if not found:
            self.breaks(flow, self.reason)
            return
        self.model.settle(flow, int(found[1]))
        self.finish(flow)

    def hear_lines(self, flow):
        said = self.receive(flow.sock)
        if said == b"\n" and not flow.text:
            return  # nothing, in fact
        *lines, flow.text = (flow.text + said).split(b"\n")
        for line in lines:
            if line == b"end" and flow.ends:
                self.finish(flow)
                return
            if flow.backend is None and re.fullmatch(rb"b\d+ 0", line):
                self.model.settle(flow, int(line[1:-2]))
            if line != b"b%d %d" % (flow.backend or 0, flow.lines):
                self.breaks(flow, f"hears {line}")
                return
            flow.lines += 1
            flow.progress = time.monotonic()
        if not said:
            self.breaks(flow, self.reason)
        elif lines:
            self.reply(flow)

    def reply(self, flow):
        flow.ends = flow.ends or time.monotonic() > flow.until
        words = b"end\n" if flow.ends else UPLOAD if flow.uploads else b"ok\n"
        if not self.transmit(flow.sock, words):
            self.breaks(flow, self.reason)

    def begin_udp(self, service):
        flow = self.model.begin("udp", service)
        flow.sock = socket.socket(FAMILY[service.family], socket.SOCK_DGRAM)
        flow.sock.setblocking(False)
        if service.family == 4:
            flow.sock.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: no DF
        flow.until = time.monotonic() + self.random.expovariate(1 / 25)
        flow.big = self.random.random() < 0.25
        if flow.sock.connect_ex((service.vip, service.port)):
            flow.sock.close()
            self.model.finish(flow, "not begun")
            return
        flow.port = flow.sock.getsockname()[1]
        self.watch(flow.sock, selectors.EVENT_READ, lambda _: self.hear_datagram(flow))
        self.send_datagram(flow)

    def send_datagram(self, flow):
        if flow.sock.fileno() < 0:
            return
        if time.monotonic() > flow.until and flow.lines:
            self.finish(flow)
            return
        try:
            flow.sock.send(b"%d " % flow.number + (BIG if flow.big else b""))
        except OSError as error:
            if error.errno not in HARMLESS:
                self.breaks(flow, errno.errorcode[error.errno])
                return
        self.later(PAUSE_S, lambda: self.send_datagram(flow))

    def hear_datagram(self, flow):
        try:
            said = flow.sock.recv(65536).split()
        except OSError as error:
            if error.errno not in HARMLESS:
                self.breaks(flow, errno.errorcode[error.errno])
            return
        number = int(said[0][1:])
        if flow.backend is None:
            self.model.settle(flow, number)
        if number != flow.backend or said[1] != b"%d" % flow.number:
            self.breaks(flow, f"hears {said}")
            return
        flow.lines += 1
        flow.progress = time.monotonic()

    def begin_curl(self, service):
        """One flow for the model: a few connections one after the other, never settled until all were answered."""
        flow = self.model.begin("curl", service)
        flow.sock = None
        url = f"http://{world.endpoint(service.vip, service.port)}/[1-{CURL_EACH}]"
        process = netns.start("client", "curl", "-sS", "--max-time", str(STALL_S - 5), url, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.curls.add(process)
        self.later(0.3, lambda: self.hear_curl(flow, process))

    def hear_curl(self, flow, process):
        if process.poll() is None:
            self.later(0.3, lambda: self.hear_curl(flow, process))
            return
        self.curls.discard(process)
        said = process.stdout.read().split("\n")
        process.stdout.close()
        answers = [line for line in said if re.fullmatch(r"b\d", line)]
        if len(answers) == CURL_EACH:
            self.model.finish(flow)
        else:
            self.breaks(flow, f"curl says {said}")

    def send_error(self):
        """An ICMP error about what a VIP has sent: it has to follow its flow, to which it does no harm."""
        flows = [flow for flow in self.long if flow.port and flow.backend]
        if not flows:
            return
        flow = self.random.choice(flows)
        vip, client = flow.service.vip, world.CLIENT[flow.service.family]
        ports = struct.pack("!HHI", flow.service.port, flow.port, self.random.getrandbits(32)) + bytes(12)
        if flow.service.family == 4:
            quote = struct.pack("!BBHHHBBH", 0x45, 0, 1400, 1, 0x4000, 60, 6, 0) + socket.inet_aton(vip) + socket.inet_aton(client)
            error = struct.pack("!BBHHH", 3, 4, 0, 0, 1400) + quote + ports
            total = sum(struct.unpack(f"!{len(error) // 2}H", error))
            total = (total & 0xffff) + (total >> 16)
            error = error[:2] + struct.pack("!H", 0xffff - ((total & 0xffff) + (total >> 16))) + error[4:]
        else:
            quote = struct.pack("!IHBB", 0x60000000, 1400, 6, 60)
            quote += socket.inet_pton(socket.AF_INET6, vip) + socket.inet_pton(socket.AF_INET6, client)
            error = struct.pack("!BBHI", 2, 0, 0, 1400) + quote + ports  # the kernel makes the checksum
        try:
            self.raw[flow.service.family].sendto(error, (vip, 0))
            self.model.tally("error", "sent")
        except OSError:
            pass

    # The end.

    def abandon(self):
        """Those that have an excuse need not end."""
        for flow in [flow for flow in self.model.flows if flow.excuse]:
            self.model.finish(flow, "excused")
            self.leave(flow)

    def close_rest(self):
        """What is left would keep its namespace."""
        for sock in self.raw.values():
            sock.close()
        for process in self.curls:
            process.kill()
            process.communicate()

    def stop(self):
        """No new flows; those that go on have a line more and end."""
        self.stopping = True
        for flow in list(self.model.flows):
            flow.until = 0
            flow.progress = time.monotonic()

# SPDX-License-Identifier: GPL-2.0-only
"""What there is, and which flows the design promises to keep.

A flow is promised to go on with its backend from the moment at which it is settled, which is its first answer, whatever
happens to others: tables, weights, keys, sizes, schedulers, CPUs, hooks, links. It is promised no longer once it has an
excuse:
  - its backend was deleted, set down, or had a deadline to be drained; or its server was closed
  - its service was deleted, or its flows were flushed
A flow that is not settled has one, too, if its service was in trouble meanwhile: without a backend that is up, in the gap
of a swap of its scheduler, behind a link that is down, or while any of its backends went.

Excuses are given before what they are for is done, and troubles end after it. Of services of daemons it is the kernel's
events that tell, which come later: so their broken flows are judged a while later.
"""

import contextlib
import itertools
import threading
import time

import world

JUDGE_LATER_S = 6
BEFORE_EVENT_S = 4  # a flow that is so young when an event comes may have met what the event tells of


class Backend:
    def __init__(self, number, family, weight, tunnel):
        self.number = number
        self.family = family
        self.weight = weight
        self.tunnel = tunnel
        self.threshold = 0
        self.admin = "up"

    def is_up(self):
        return self.weight > 0 and self.admin == "up"


class Service:
    """OWNER is who makes it: the driver, maglevd or keepalived. Silent ones have backends that never answer."""

    def __init__(self, shard, protocol, family, port, owner="driver", silent=False):
        self.shard = shard
        self.protocol = protocol
        self.family = family
        self.port = port
        self.owner = owner
        self.silent = silent
        self.vip = world.VIPS[shard][family]
        self.backends = {}
        self.exists = False
        self.scheduler = "maglev"
        self.troubles = []
        self.up = set()  # of a daemon's: numbers of those that the kernel has told of

    def __str__(self):
        return f"{self.shard} {self.protocol} {world.endpoint(self.vip, self.port)}"

    def option(self):
        return f"{'-t' if self.protocol == 'tcp' else '-u'} {world.endpoint(self.vip, self.port)}"

    def words(self):
        return [self.protocol, world.endpoint(self.vip, self.port)]

    def address(self, backend):
        return world.endpoint(world.backend_address(backend.number, backend.family, self.silent), self.port)

    def excuse_of_birth(self):
        if self.troubles:
            return self.troubles[0]
        if self.owner == "driver":
            if any(backend.is_up() for backend in self.backends.values()):
                return None
        elif self.up:
            return None
        return "no backend was up when it began"


class Flow:
    numbers = itertools.count(1)

    def __init__(self, kind, service):
        self.number = next(self.numbers)
        self.kind = kind
        self.service = service
        self.port = 0
        self.backend = None  # its number
        self.born = self.progress = time.monotonic()
        self.lines = 0
        self.excuse = service.excuse_of_birth()
        self.broken = None
        self.judge_at = 0

    def __str__(self):
        now = time.monotonic()
        return (f"flow {self.number}, {self.kind} {world.endpoint(world.CLIENT[self.service.family], self.port)} to {self.service}"
                f" at {'b%d' % self.backend if self.backend else 'nobody'}, {now - self.born:.1f} s old, {self.lines} lines,"
                f" the last {now - self.progress:.1f} s ago")


class Model:
    def __init__(self):
        self.lock = threading.RLock()
        self.services = []
        self.flows = set()  # those that go on
        self.suspects = []  # broken ones, to be judged
        self.offenders = []  # broken, and promised
        self.count = {}  # of (kind, outcome)
        self.closed = set()  # servers: (backend number, port)

    def tally(self, kind, outcome):
        self.count[kind, outcome] = self.count.get((kind, outcome), 0) + 1

    def begin(self, kind, service):
        with self.lock:
            flow = Flow(kind, service)
            self.flows.add(flow)
            self.tally(kind, "begun")
        return flow

    def settle(self, flow, number):
        with self.lock:
            flow.backend = number
            if (number, flow.service.port) in self.closed:
                flow.excuse = flow.excuse or "its server was closed"

    def finish(self, flow, outcome="whole"):
        with self.lock:
            if flow in self.flows:
                self.flows.discard(flow)
                self.tally(flow.kind, outcome)

    def breaks(self, flow, why):
        """What the flow's owner has seen; not yet whose fault it is."""
        with self.lock:
            if flow not in self.flows:
                return
            self.flows.discard(flow)
            flow.broken = f"{why}: {flow}"
            flow.judge_at = time.monotonic() + (0 if flow.service.owner == "driver" else JUDGE_LATER_S)
            self.suspects.append(flow)

    def judge(self, at_once=False):
        with self.lock:
            now = time.monotonic()
            due = [flow for flow in self.suspects if at_once or flow.judge_at <= now]
            self.suspects = [flow for flow in self.suspects if flow not in due]
            for flow in due:
                self.tally(flow.kind, "excused" if flow.excuse else "broken")
            self.offenders += [flow for flow in due if not flow.excuse]

    def excuse(self, service, why, number=None, unsettled=False, since=0):
        """Flows of SERVICE: all, those at backend NUMBER and those that are not settled, or only these."""
        with self.lock:
            for flow in [*self.flows, *self.suspects]:
                if flow.service is not service or flow.excuse:
                    continue
                if flow.backend is None or flow.born >= since > 0 or not (unsettled or (number and flow.backend != number)):
                    flow.excuse = why

    @contextlib.contextmanager
    def trouble(self, services, why):
        """While the caller does what may keep new flows from beginning."""
        with self.lock:
            for service in services:
                service.troubles.append(why)
                self.excuse(service, why, unsettled=True)
        try:
            yield
        finally:
            with self.lock:
                for service in services:
                    service.troubles.remove(why)

    @contextlib.contextmanager
    def ends(self, service, why, number=None):
        """While the caller ends backend NUMBER for its flows, or the whole service."""
        with self.trouble([service], why):
            self.excuse(service, why, number)
            yield
            self.excuse(service, why, number)

    def told(self, shard, event):
        """An event of a shard's kernel, as "maglevadm -j monitor" has it."""
        name = event.get("event", "")
        if name not in ("lost", "state-ntf", "backend-add-ntf", "backend-del-ntf", "service-del-ntf"):
            return
        with self.lock:
            for service in self.services:
                if service.shard != shard or service.owner == "driver":
                    continue
                if name == "lost":
                    self.excuse(service, "events were lost")
                elif [event["service"]["key"].get(word) for word in ("addr", "port")] == [service.vip, service.port]:
                    self.told_of(service, name, event)

    def told_of(self, service, name, event):
        since = time.monotonic() - BEFORE_EVENT_S
        if name == "service-del-ntf":
            service.up.clear()
            self.excuse(service, "the daemon deleted its service")
            return
        backend = event["backend"]
        number = int(backend["addr"].replace(":", ".").rsplit(".", 1)[1])
        state = "deleted" if name == "backend-del-ntf" else backend.get("state")
        if state == "up":
            service.up.add(number)
        else:
            service.up.discard(number)
        if state in ("down", "deleted"):
            self.excuse(service, f"b{number}: {state} by the daemon", number, since=since)

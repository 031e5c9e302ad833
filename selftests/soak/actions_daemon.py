# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of daemons, and of servers that they watch."""

import signal

import world
from choices import Choices

SIGNALS = (signal.SIGKILL, signal.SIGTERM)


class DaemonActions(Choices):
    def __init__(self, model, rng, daemons, traffic):
        super().__init__(model, rng)
        self.daemons = daemons
        self.traffic = traffic

    def table(self):
        return [(3, self.daemon_start_stop), (3, self.daemon_reload), (2, self.server_toggle)]

    def daemon_start_stop(self):
        daemon = self.random.choice(self.daemons)
        number = self.random.choice(SIGNALS)
        mine = [service for service in self.model.services if service.owner == daemon.name]
        with self.model.trouble(mine, f"{daemon.name} started or stopped"):
            if daemon.is_running():
                daemon.stop(number)
                return f"{daemon.name}: {number.name}"
            daemon.start()
        return f"{daemon.name}: start"

    def daemon_reload(self):
        daemon = self.random.choice(self.daemons)
        members = sorted(self.random.sample(list(world.BACKENDS), self.random.choice((2, 3, 4, 5))))
        mine = [service for service in self.model.services if service.owner == daemon.name]
        with self.model.trouble(mine, f"{daemon.name} reloaded"):
            daemon.members = members
            daemon.reload()
        return f"{daemon.name}: reload with {members}"

    def server_toggle(self):
        """Of what daemons watch."""
        number, daemon = self.random.choice(list(world.BACKENDS)), self.random.choice(self.daemons)
        port = next(service.port for service in self.model.services if service.owner == daemon.name)
        where = (number, port)
        mine = [service for service in self.model.services if service.port == port]
        if where in self.model.closed:
            self.traffic.call(self.traffic.serve, *where)
            self.model.closed.discard(where)
            for service in mine:
                service.troubles.remove(f"server of b{number} closed")
            return f"server of b{number}:{port}: open"
        with self.model.lock:
            self.model.closed.add(where)
            for service in mine:
                service.troubles.append(f"server of b{number} closed")
                self.model.excuse(service, "its server was closed", number)
        self.traffic.call(self.traffic.close_server, *where)
        return f"server of b{number}:{port}: close"

    def calm(self):
        for daemon in self.daemons:
            daemon.stop(signal.SIGTERM)

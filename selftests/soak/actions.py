# SPDX-License-Identifier: GPL-2.0-only
"""What is done at random, of each group as often as its table says."""

from actions_backend import BackendActions
from actions_balancer import BalancerActions
from actions_daemon import DaemonActions
from actions_host import HostActions
from actions_service import ServiceActions


class Actions:
    def __init__(self, model, traffic, rng, daemons, directory):
        self.random = rng
        self.services = ServiceActions(model, rng)
        self.host = HostActions(model, rng, directory)
        self.daemons = DaemonActions(model, rng, daemons, traffic)
        groups = BackendActions(model, rng), self.services, BalancerActions(model, rng), self.host, self.daemons
        self.table = [row for group in groups for row in group.table()]

    def begin(self):
        """All services."""
        while self.services.service_add():
            pass

    def next(self):
        """The next action: its kind and what it does."""
        weights, functions = zip(*self.table)
        while True:
            function = self.random.choices(functions, weights)[0]
            said = function()
            if said:
                return function.__name__, said

    def calm(self):
        """What keeps flows from going on ends."""
        self.host.calm()
        self.daemons.calm()

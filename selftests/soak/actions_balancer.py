# SPDX-License-Identifier: GPL-2.0-only
"""What is set, and asked, for all services of a balancer."""

import netns
import world
from choices import Choices, adm


class BalancerActions(Choices):
    def table(self):
        return [
            (3, self.key_change), (2, self.flows_resize), (3, self.hook_change), (2, self.outer_sources),
            (3, self.sysctl_change), (2, self.parameter_change), (3, self.ask_all),
        ]

    def settings(self, shard, *words, text=""):
        """Some are refused while flows still move from old tables."""
        try:
            adm(shard, "set", *words, text=text)
        except netns.Refused as refusal:
            if "still" not in str(refusal) and "busy" not in str(refusal).lower():
                raise
            return " (refused: flows move)"
        return ""

    def key_change(self):
        shard = self.shard()
        key = "%032x" % self.random.getrandbits(128)
        return f"{shard}: key {key}" + self.settings(shard, "key", "-", text=key + "\n")

    def flows_resize(self):
        shard = self.shard()
        flows = self.random.choice((300000, 600000, 1048576, 2000000))
        return f"{shard}: room for {flows} flows" + self.settings(shard, "flows", flows)

    def hook_change(self):
        shard = self.shard()
        hook = self.random.choice(("early", "early", "local", "none"))
        return f"{shard}: hook {hook}" + self.settings(shard, "hook", hook)

    def outer_sources(self):
        shard = self.shard()
        number = world.SHARDS[shard]
        prefixes = self.random.choice((("none", "none"), (f"10.77.{number}.0/26", f"2001:db8:77:{number}::/64")))
        return f"{shard}: outer sources {prefixes[0]}" + self.settings(shard, "source4", prefixes[0], "source6", prefixes[1])

    def sysctl_change(self):
        shard = self.shard()
        name, values = self.random.choice((("conn_reuse_mode", (0, 1)), ("expire_nodest_conn", (0, 1)), ("pmtu_disc", (0, 1)),
                                           ("sloppy_tcp", (0, 1)), ("nat_icmp_send", (0, 1)), ("cache_bypass", (0,))))
        value = self.random.choice(values)
        netns.sysctl(shard, **{f"ipv4__vs__{name}": value})
        return f"{shard}: {name} {value}"

    def parameter_change(self):
        delay = self.random.choice((0, 1, 10, 100, 1000))
        if self.random.random() < 0.5:  # it is the first namespace's to say, for all
            return f"rebuild delay {delay} ms" + self.settings(None, "rebuild-delay", f"{delay}ms" if delay else 0)
        with open("/sys/module/ip_vs_maglev/parameters/rebuild_delay_ms", "w", encoding="ascii") as file:
            file.write(str(delay))
        return f"rebuild_delay_ms {delay}"

    def ask_all(self):
        """Everything that walks what others change."""
        shard = self.shard()
        words = self.random.choice(("service show", "backend show", "stats all", "flow count", "flow show"))
        adm(shard, "-j", *words.split())
        netns.run(shard, "ipvsadm", "-Ln", "--stats")
        return f"{shard}: {words}, ipvsadm -Ln"

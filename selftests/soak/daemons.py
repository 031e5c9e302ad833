# SPDX-License-Identifier: GPL-2.0-only
"""maglevd on shard one, a stock keepalived on shard two, and who listens to each shard's events."""

import json
import os
import signal
import subprocess
import threading

import netns
import world

MAGLEVD_PORT, KEEPALIVED_PORT = 8080, 8081


class Monitor(threading.Thread):
    def __init__(self, shard, program, model):
        super().__init__(daemon=True)
        self.shard = shard
        self.model = model
        self.process = netns.start(shard, program, "-j", "monitor", stdout=subprocess.PIPE, text=True)

    def run(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                self.model.told(self.shard, json.loads(line))

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Daemon:
    """One that is killed and started again. Whoever ends it by other means than ours fails the test."""

    def __init__(self, name, shard, directory):
        self.name = name
        self.shard = shard
        self.directory = directory
        self.process = None
        self.members = [1, 2, 3]
        self.log_path = f"{directory}/{name}.log"

    def start(self):
        self.write()
        for left in ("run/control", f"{self.name}.pid", "checkers.pid"):
            if os.path.exists(f"{self.directory}/{left}"):
                os.unlink(f"{self.directory}/{left}")
        with open(self.log_path, "a", encoding="utf-8") as log:
            self.process = netns.start(self.shard, *self.command(), stdout=log, stderr=log)

    def is_running(self):
        if self.process and self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended by itself, {self.process.returncode}: {self.last_words()}")
        return self.process is not None

    def last_words(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-15:])

    def is_ready(self):
        return self.is_running() and os.path.exists(f"{self.directory}/{self.sign()}")

    def reload(self):
        self.write()
        if self.is_ready():
            self.process.send_signal(signal.SIGHUP)

    def stop(self, number):
        if not self.is_running():
            return
        self.process.send_signal(number)
        self.process.wait(60)
        self.process = None
        self.after(number)

    def after(self, number):
        pass

    def write(self):
        with open(f"{self.directory}/{self.name}.conf", "w", encoding="utf-8") as file:
            file.write(self.text())


class Maglevd(Daemon):
    def command(self):
        return [os.environ.get("MAGLEVD", f"{world.TOP}/build/maglevd"), "--config", f"{self.directory}/maglevd.conf",
                "--run-directory", f"{self.directory}/run"]

    def sign(self):
        return "run/control"

    def text(self):
        vips = world.VIPS[self.shard]
        lines = [
            "probes: {manage_sysctl: true}",
            "checks: {web: {type: tcp, interval: 2s, timeout: 1900ms, rise: 1, fall: 3}}",
            "policy: {panic: 100}",
            "pools:",
            f"  v4: [{', '.join(world.backend_address(number, 4) for number in self.members)}]",
            "  v6: [" + ", ".join(f'"{world.backend_address(number, 6)}"' for number in self.members) + "]",
            "services:",
            f"  - {{name: web, vip: {vips[4]}, port: {MAGLEVD_PORT}, pool: v4, checks: [web]}}",
            f"  - {{name: web6, vip: \"{vips[6]}\", port: {MAGLEVD_PORT}, tunnel: ipip, pool: v6, checks: [web]}}",
        ]
        return "\n".join(lines) + "\n"


class Keepalived(Daemon):
    def command(self):
        return ["keepalived", "-C", "-n", "-l", "-D", "-f", f"{self.directory}/keepalived.conf", "-p",
                f"{self.directory}/keepalived.pid", "-c", f"{self.directory}/checkers.pid"]

    def sign(self):
        return "checkers.pid"

    def after(self, number):
        """Killed, it leaves its child behind, which would go on."""
        if number == signal.SIGKILL and os.path.exists(f"{self.directory}/checkers.pid"):
            with open(f"{self.directory}/checkers.pid", encoding="ascii") as file:
                child = int(file.read() or 0)
            if child and os.path.exists(f"/proc/{child}"):
                os.kill(child, signal.SIGKILL)

    def text(self):
        servers = "".join(f"""
            real_server {world.backend_address(number, 4)} {KEEPALIVED_PORT} {{
                weight {number}
                inhibit_on_failure
                TCP_CHECK {{
                    connect_timeout 5
                    retry 1
                }}
            }}""" for number in self.members)
        return f"""
        global_defs {{
            script_user root
            enable_script_security
        }}
        virtual_server {world.VIPS[self.shard][4]} {KEEPALIVED_PORT} {{
            delay_loop 2
            lb_algo mh
            mh-port
            lb_kind TUN type gre
            protocol TCP
            {servers}
        }}
        """

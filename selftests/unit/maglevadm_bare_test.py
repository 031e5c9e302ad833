#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""maglevadm where there is neither our module nor IPVS, nor a maglevd: it says what is missing, and changes nothing. As root
in a network namespace of its own. TAP on stdout; exit 0 passed, 1 failed, 4 skipped. Arguments choose tests by name.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from cli import BINARY, run, run_tests, same

SERVICE = ["tcp", "192.0.2.10:80"]
BACKEND = "10.0.0.1:80"
ABSENT = "maglevadm: the kernel module ip_vs_maglev is not loaded: modprobe ip_vs_maglev\n"
NO_IPVS = "maglevadm: IPVS is not in the kernel: modprobe ip_vs\n"
ALONE = ["unshare", "-n"] if not os.getuid() else []


def bare(*words):
    return subprocess.run([*ALONE, BINARY, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False)


def what_reads_the_module_names_it():
    for words in (["service", "show"], ["service", "show", *SERVICE], ["backend", "show"], ["backend", "show", *SERVICE, BACKEND],
                  ["flow", "show"], ["flow", "count"], ["stats"], ["show"], ["table", "show", *SERVICE], ["monitor"], ["top"],
                  ["-j", "service", "show"], ["-j", "stats"], ["-j", "monitor"], ["-j", "flow", "show"],
                  ["explain", "tcp", "198.51.100.7:4242", "192.0.2.10:80"]):
        done = bare(*words)
        same((done.returncode, done.stdout, done.stderr), (1, "", ABSENT), words)


def what_changes_it_does_too():
    for words in (["service", "set", *SERVICE, "table-size", "251"], ["backend", "down", *SERVICE, BACKEND], ["set", "hook", "early"],
                  ["backend", "drain", *SERVICE, BACKEND, "--deadline", "1m"], ["backend", "drain", *SERVICE, BACKEND, "--wait"]):
        done = bare(*words)
        same((done.returncode, done.stdout, done.stderr), (1, "", ABSENT), words)


def a_batch_stops_at_its_first_line():
    done = run("-b", "-", text="backend down tcp 192.0.2.10:80 10.0.0.1:80\nset hook early\n", binary=BINARY)
    same((done.returncode, done.stdout), (1, ""))
    assert ABSENT.partition(": ")[2].strip() in done.stderr, done.stderr


def lists_in_the_words_of_ipvsadm_name_ipvs():
    for words in (["-L"], ["-Ln"], ["-Ln", "--stats"], ["-L", "--timeout"], ["-j", "-L"], ["-L", "-t", "192.0.2.10:80"]):
        done = bare(*words)
        same((done.returncode, done.stdout, done.stderr), (1, "", NO_IPVS), words)


def the_doctor_says_what_to_load():
    done = bare("-j", "doctor")
    found = {one["finding"]: one for one in json.loads(done.stdout)["findings"]}
    same(found["module-absent"]["mend"], ["modprobe ip_vs_maglev"])
    same(found["module-absent"]["severity"], "fault")
    same("services-none" in found, True)
    text = bare("doctor")
    same(text.returncode, done.returncode)
    assert "mend: modprobe ip_vs_maglev" in text.stdout, text.stdout


def a_balancer_without_maglevd_is_not_asked():
    for words in (["balancer", "show"], ["balancer", "drain"], ["balancer", "up"], ["status"], ["reload"]):
        done = bare(*words, "--run-directory", "/nonexistent")
        same((done.returncode, done.stderr), (1, "maglevadm: /nonexistent/control: maglevd does not run here\n"), words)


def each_command_has_its_help():
    commands = set()
    for line in bare("help").stdout.splitlines():
        words = line[2:].split(" ")
        if line.startswith("  ") and words[0].islower():
            commands.add(tuple(word for word in words[:2] if word.islower() and word.isalpha()))
    assert len(commands) > 20, commands
    for command in sorted(commands):
        done = bare("help", *command)
        same((done.returncode, done.stderr), (0, ""), command)
        assert done.stdout.startswith(f"usage: maglevadm {' '.join(command)}"), done.stdout
    same(bare("help", "dance").returncode, 2)


TESTS = [what_reads_the_module_names_it, what_changes_it_does_too, a_batch_stops_at_its_first_line,
         lists_in_the_words_of_ipvsadm_name_ipvs, the_doctor_says_what_to_load, a_balancer_without_maglevd_is_not_asked,
         each_command_has_its_help]

if __name__ == "__main__":
    if Path("/sys/module/ip_vs").exists():
        print("1..0 # SKIP IPVS is loaded here")
        sys.exit(4)
    sys.exit(run_tests(TESTS))

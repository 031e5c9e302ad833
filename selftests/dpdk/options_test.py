#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What maglev-dpdk is told when it is started: a value that is wrong is named, with what is accepted, before any port is
opened. MAGLEV_DPDK names the program. TAP on stdout."""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
from world import PROGRAM, SLOW

EAL = ["--no-huge", "--no-pci", "--no-telemetry", "-m", "64", "--lcores", "0@0-1,1@0-1", "--log-level", "4",
       "--file-prefix", "maglev%d" % os.getpid()]
NUMBER = "must be a number from %d to %d"
REFUSED = [
    (["--table-size", "252"], "--table-size 252: must be a prime"),
    (["-t", "241"], "--table-size 241: " + NUMBER % (251, 1048573)),
    (["--table-size", "many"], "--table-size many: " + NUMBER % (251, 1048573)),
    (["--mtu", "1279"], "--mtu 1279: " + NUMBER % (1280, 9600)),
    (["--mtu", "1500x"], "--mtu 1500x: " + NUMBER % (1280, 9600)),
    (["--mtu=-1"], "--mtu -1: " + NUMBER % (1280, 9600)),
    (["--mtu", "1501"], "--mtu 1501: --kernel tap takes 1500 at most"),
    (["--buffers", "1023"], "--buffers 1023: " + NUMBER % (1024, 1 << 24)),
    (["--buffer-size", "99999"], "--buffer-size 99999: " + NUMBER % (128, 16384)),
    (["--descriptors", "0"], "--descriptors 0: " + NUMBER % (64, 32768)),
    (["--flows", "99999999999999999999"], "--flows 99999999999999999999: must be a number from 0"),
    (["--idle", ""], "--idle : must be a number from 0"),
    (["--kernel", "veth"], "--kernel veth: must be tap, virtio or none"),
    (["--port", "16=a"], "--port 16=a: must be the number of a port, from 0 to 15"),
    (["--port", "0"], "--port 0: must be the number of a port"),
    (["--port", "0="], "--port 0=: must be the number of a port"),
    (["--port", "0=a/b"], "--port 0=a/b: must be the number of a port"),
    (["--port", "0=sixteen_letters_"], "--port 0=sixteen_letters_: must be the number of a port"),
    (["--dance"], "usage: maglev-dpdk "),
    (["dance"], "dance: not an option"),
]


def run(*options):
    return subprocess.run([PROGRAM, *EAL, "--", *options], capture_output=True, text=True, timeout=60 * SLOW, check=False,
                          env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))


def main():
    bad = []
    for options, said in REFUSED:
        done = run(*options)
        if done.returncode != 2 or said not in done.stderr or done.stdout:
            bad.append("%s: status %d, said %r" % (options, done.returncode, done.stderr))
    print("1..2\n%sok 1 - wrong_values_are_named_with_what_is_accepted" % ("not " if bad else ""))
    for line in bad:
        print("# " + line)
    done = [run("--help"), run("-V")]
    is_said = not done[0].returncode and "--table-size" in done[0].stdout and done[1].stdout.startswith("maglev-dpdk ")
    print("%sok 2 - help_and_version_are_said_and_that_is_all" % ("" if is_said else "not "))
    return 1 if bad or not is_said else 0


if __name__ == "__main__":
    sys.exit(main())

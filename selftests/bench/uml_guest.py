# SPDX-License-Identifier: GPL-2.0-only
"""PID 1 of User-Mode Linux: what the guests of the benchmarks have in common. What they have to say is lines of JSON on
the console."""

import ctypes
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

POWER_OFF = 0x4321FEDC


class Failed(Exception):
    pass


def run(*words, text=None, ok=True):
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    if ok and done.returncode:
        raise Failed(f"{' '.join(words)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def say(**words):
    print("bench:", json.dumps(words), flush=True)


def mount():
    os.environ.update(PATH="/usr/sbin:/usr/bin:/sbin:/bin", LANG="C.UTF-8", HOME="/")
    for kind, where in ("proc", "/proc"), ("sysfs", "/sys"), ("tmpfs", "/run"), ("tracefs", "/sys/kernel/tracing"):
        run("mount", "-t", kind, "-o", "size=100%" if kind == "tmpfs" else "rw", kind, where)


def touch_memory():
    """The host hands it out as it is written to, which is no business of what is measured."""
    spare = Path("/run/spare")
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with spare.open("wb") as file:
        for _ in range(free // 10 * 9 >> 20):
            file.write(bytes(1 << 20))
    spare.unlink()


def run_as_init(main):
    """main() is given the plan, the file that is our argument; when it is done, the machine is."""
    if os.getpid() != 1:
        sys.exit("bench: this would switch the machine off")
    try:
        mount()
        touch_memory()
        main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
        say(done=True)
    except Exception:
        traceback.print_exc(file=sys.stdout)
    finally:
        sys.stdout.flush()
        ctypes.CDLL(None).reboot(POWER_OFF)

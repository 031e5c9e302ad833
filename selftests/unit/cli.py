# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of maglevadm share: how it is run, and TAP.

MAGLEVADM names the binary (default build/maglevadm), MAGLEV_TEST_SEED the random numbers.
"""

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("MAGLEVADM", str(ROOT / "build" / "maglevadm"))
SEED = int(os.environ.get("MAGLEV_TEST_SEED") or "20160316", 0)
KEY_TEXT = "000102030405060708090a0b0c0d0e0f"
KEY = bytes.fromhex(KEY_TEXT)
GOLDEN = ["10.0.0.1:80=1", "10.0.0.2:80=1", "10.0.0.3:80=2", "[2001:db8::4]:80=1"]
SMALL = ["--size", "251", "--key", KEY_TEXT]
TCP = ["tcp", "198.51.100.7:4242", "192.0.2.10:80"]
UDP = ["udp", "[2001:db8::7]:4242", "[2001:db8:1::10]:443"]


def same(got, expected, what=""):
    if got != expected:
        raise AssertionError(f"{what}: got {got!r}, expected {expected!r}")


def run(*words, text="", binary=BINARY, **environment):
    return subprocess.run([binary, *words], input=text, capture_output=True, text=True,
                          timeout=60, check=False, env={**os.environ, **environment})


def answer(*words, text=""):
    """What a command that must succeed prints as JSON."""
    done = run("-j", "table", *words, text=text)
    same(done.returncode, 0, f"exit status of {words}: {done.stderr}")
    return json.loads(done.stdout)


def run_tests(tests):
    """Runs the named tests or all, prints TAP; the exit status: 0 passed, 1 failed, 4 skipped."""
    if not os.access(BINARY, os.X_OK):
        print(f"1..0 # SKIP {BINARY} is missing: make userspace, or set MAGLEVADM")
        return 4
    chosen = [test for test in tests if not sys.argv[1:] or test.__name__ in sys.argv[1:]]
    failed = 0
    print(f"TAP version 13\n1..{len(chosen)}\n# MAGLEV_TEST_SEED={SEED}")
    for number, test in enumerate(chosen, 1):
        try:
            test()
            print(f"ok {number} - {test.__name__}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {test.__name__}")
            print("".join(f"# {line[:400]}\n" for line in traceback.format_exc().splitlines()),
                  end="", flush=True)
    return 1 if failed else 0

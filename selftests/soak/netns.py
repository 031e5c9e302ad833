# SPDX-License-Identifier: GPL-2.0-only
"""Commands, sockets and files in network namespaces: a thread has the one that it entered last."""

import contextlib
import ctypes
import os
import subprocess
import threading

PREFIX = f"soak{os.getpid()}"
LIMIT_S = 120  # a command that takes longer hangs
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
here = threading.local()


class Refused(Exception):
    """A command ended with another status than 0."""


def path(name):
    return f"/run/netns/{PREFIX}-{name}" if name else "/proc/1/ns/net"


def enter(name):
    fd = os.open(path(name), os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(fd, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns to {name}")
    finally:
        os.close(fd)
    here.name = name


@contextlib.contextmanager
def inside(name):
    before = getattr(here, "name", None)
    enter(name)
    try:
        yield
    finally:
        enter(before)


def run(name, *command, text=""):
    """Run a command in a namespace, hand it TEXT, and return what it says."""
    with inside(name):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        said, _ = process.communicate(text, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Refused(f"{name or 'init'}: {' '.join(command)}: does not end") from None
    if process.returncode:
        raise Refused(f"{name or 'init'}: {' '.join(command)}: {text.strip()}: {said.strip()}")
    return said


def start(name, *command, **options):
    """Start a program in a namespace and leave it running."""
    with inside(name):
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)


def ip(name, text):
    """Lines for "ip -batch"."""
    return run(None, "ip", *(["-n", f"{PREFIX}-{name}"] if name else []), "-batch", "-", text=text)


def sysctl(name, **values):
    """Set what is below net: ipv4__ip_forward=1."""
    with inside(name):
        for key, value in values.items():
            with open("/proc/sys/net/" + key.replace("__", "/"), "w", encoding="ascii") as file:
                file.write(str(value))


def add(name):
    run(None, "ip", "netns", "add", f"{PREFIX}-{name}")
    sysctl(name, ipv4__conf__all__rp_filter=0, ipv4__conf__default__rp_filter=0, ipv4__ip_forward=1,
           ipv6__conf__all__forwarding=1, ipv6__conf__all__accept_dad=0, ipv6__conf__default__accept_dad=0,
           ipv6__conf__all__keep_addr_on_down=1, ipv4__conf__all__arp_ignore=1, ipv4__conf__all__arp_announce=2)


def delete(name):
    run(None, "ip", "netns", "del", f"{PREFIX}-{name}")


def names():
    """Those of ours that exist."""
    return [name.removeprefix(PREFIX + "-") for name in os.listdir("/run/netns") if name.startswith(PREFIX + "-")]

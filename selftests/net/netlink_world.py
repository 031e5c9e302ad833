# SPDX-License-Identifier: GPL-2.0-only
"""What netlink_cases.py does to the world: IPVS, other network namespaces (their prefix is the first argument), packets."""
import ctypes
import os
import socket
import subprocess
import sys
import time

from netlink_refusals import CLIENT, VIP, backend

LIBC = ctypes.CDLL(None, use_errno=True)


def ipvs(text):
    """Lines of ipvsadm, without -n."""
    subprocess.run(['ipvsadm', '-R'], input=text, text=True, check=True)


def add_service(port, backends, letter='t', weight=1, first=1):
    lines = [f'-A -{letter} {VIP}:{port} -s maglev']
    for i in range(first, first + backends):
        lines.append(f'-a -{letter} {VIP}:{port} -r {backend(i)["addr"]} -i --tun-type gre -w {weight}')
    ipvs('\n'.join(lines) + '\n')


def poll(what, seconds=20):
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        assert time.monotonic() < end, 'it never happens'
        time.sleep(0.05)


def poll_is(wanted, what, seconds=20):
    seen = []

    def is_so():
        seen[:] = [what()]
        return seen[0] == wanted

    try:
        poll(is_so, seconds)
    except AssertionError:
        raise AssertionError(f'wanted {wanted}, saw {seen[0]}') from None


class In:
    """Within another network namespace; sockets opened there stay there."""
    def __init__(self, name):
        self.name = name

    @staticmethod
    def enter(path):
        with open(path, encoding='ascii') as file:
            assert LIBC.setns(file.fileno(), 0x40000000) == 0, os.strerror(ctypes.get_errno())

    def __enter__(self):
        with open('/proc/self/ns/net', encoding='ascii') as file:
            self.back = os.dup(file.fileno())
        self.enter(f'/run/netns/{sys.argv[1]}-{self.name}')

    def __exit__(self, *_):
        assert LIBC.setns(self.back, 0x40000000) == 0
        os.close(self.back)


def send_udp(first, last, port):
    """A datagram from each of these ports of the client."""
    with In('client'):
        for sport in range(first, last + 1):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind((CLIENT, sport))
                sock.sendto(b'x', (VIP, port))

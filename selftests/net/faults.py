# SPDX-License-Identifier: GPL-2.0-only
"""Allocations of the kernel that fail on demand (its Documentation/fault-injection), by default those of our module:
all that are asked for below one of its functions, whoever called it.
"""
import os
import subprocess
import tempfile

DEBUG = '/sys/kernel/debug'
KINDS = 'failslab', 'fail_page_alloc'
TIMES = 1000000


def write(kind, **values):
    for name, value in values.items():
        with open(f"{DEBUG}/{kind}/{name.replace('_', '-')}", 'w', encoding='ascii') as file:
            file.write(str(value))


def read(kind, name):
    with open(f'{DEBUG}/{kind}/{name}', encoding='ascii') as file:
        return int(file.read())


def symbols():
    """(address, name, module or None) of each function of the kernel, in order."""
    with open('/proc/kallsyms', encoding='ascii') as file:
        words = [line.split() for line in file]
    return sorted((int(word[0], 16), word[2], word[3] if len(word) > 3 else None) for word in words
                  if word[1] in 'tT')


def within_module():
    """Let only allocations of our module fail; again whenever it is loaded."""
    at = [address for address, _, module in symbols() if module == '[ip_vs_maglev]']
    within(min(at), max(at) + 4096)


def within_function(name):
    """Let only what this function of the kernel, or any below it, allocates fail."""
    found = symbols()
    i = next(i for i, symbol in enumerate(found) if symbol[1] == name)
    within(found[i][0], next(address for address, *_ in found[i:] if address > found[i][0]))


def within_kernel():
    """Let all allocations fail, but for those of pages of user space."""
    within(0, (1 << 64) - 1)
    write('fail_page_alloc', ignore_gfp_highmem='Y')


def within(start, end):
    for kind in KINDS:
        write(kind, require_start=start, require_end=end)
    write('fail_page_alloc', ignore_gfp_highmem='N')


def prepare():
    for kind in KINDS:
        write(kind, probability=0, times=-1, interval=1, space=0, verbose=0, task_filter='Y', ignore_gfp_wait='N',
              stacktrace_depth=32)
    write('fail_page_alloc', min_order=0)
    within_module()


class Nothing:
    """No fault."""
    def enter(self):
        """In the task whose allocations are to fail."""

    def hit(self, _task='self'):
        """Did one fail? To be asked once, when they are not to fail any more."""
        return False

    def __str__(self):
        return 'no fault'


class Nth(Nothing):
    """One allocation of this task fails, the nth."""
    def __init__(self, n):
        self.n = n
        self.file = -1

    def enter(self):
        # Not to be opened again when it has been written to: that allocates.
        self.file = os.open('/proc/thread-self/fail-nth', os.O_RDWR)
        os.write(self.file, str(self.n).encode())

    def hit(self, task='self'):
        file = self.file if task == 'self' else os.open(f'/proc/{task}/fail-nth', os.O_RDONLY)
        left = int(os.pread(file, 16, 0))
        if task == 'self':
            os.pwrite(file, b'0', 0)
        os.close(file)
        return not left

    def __str__(self):
        return f'allocation {self.n} fails'


class Budget(Nothing):
    """All allocations of this task and its children of one kind fail, once so many bytes or pages were had."""
    def __init__(self, kind, space):
        self.kind, self.space = kind, space

    @staticmethod
    def mark(value):
        with open('/proc/self/make-it-fail', 'w', encoding='ascii') as file:
            file.write(value)

    def enter(self):
        self.mark('1')
        write(self.kind, times=TIMES, space=self.space, probability=100)

    def hit(self, _task='self'):
        write(self.kind, probability=0)
        self.mark('0')
        return read(self.kind, 'times') != TIMES

    def __str__(self):
        return f'{self.kind}: all fail after {self.space}'


def nths(step=1, end=10000):
    return (Nth(n) for n in range(1, end, step))


def every_fault():
    """Sequences of faults, each to be followed until one hits nothing."""
    yield nths()
    for kind, first in ('failslab', 64), ('fail_page_alloc', 1):
        yield (Budget(kind, first * space) for space in growing())


def growing():
    space = 0
    while True:
        yield space
        space += 1 + space // 2


def run(command, fault):
    """(exit status, what it said, was there a fault) of a program."""
    with tempfile.TemporaryFile('w+', encoding='utf-8') as said:
        is_nth = isinstance(fault, Nth)
        if not is_nth:
            fault.enter()
        # The fault is the child's: preexec_fn runs in it, and what it sets stays when the program takes its place.
        # pylint: disable-next=subprocess-popen-preexec-fn
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                              preexec_fn=fault.enter if is_nth else None) as child:
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
            hit = fault.hit(child.pid)
        said.seek(0)
        return child.returncode, said.read(), hit

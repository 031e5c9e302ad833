#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""faults_cases.py NS: what faults_test.sh tests, in the balancer's namespace of lib.sh's topology; NS is its prefix.

Each function below named test_* is one promise. Its commands are done under one fault after the other until one finds
nothing to fail any more; what is allowed to go wrong is said with each.
"""
import ctypes
import json
import os
import re
import subprocess
import sys
import time
import traceback

from errno import ENOBUFS, ENOMEM
from faults import (Budget, Nothing, Nth, every_fault, nths, prepare, run, within_function, within_kernel,
                    within_module, write)
from netlink import ACK, COMMAND, DUMP, Family, Refused
from netlink_refusals import (ADD, DEL, DOWN, DRAIN, SET, SET_SERVICE, UP, VIP, backend, key, service, tuple_)
from netlink_world import LIBC, add_service, ipvs, poll, send_udp

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
MAGLEVADM = os.environ.get('MAGLEVADM', os.path.join(TOP, 'build/maglevadm'))
SLOW = int(os.environ.get('MAGLEV_SLOW', 1))
ONLINE = '/sys/devices/system/cpu/cpu1/online'
CLONE_NEWNET = 0x40000000
BIG, BIGGER, FEW = 8191, 16381, 3
# What time alone changes, and what a backend that goes and comes has anew.
VOLATILE = 'build-us', 'changes', 'generation', 'flows', 'id', 'index', 'place', 'seq', 'published', 'build-errors'


def plain(value, without=VOLATILE):
    if isinstance(value, dict):
        return {k: plain(v, without) for k, v in value.items() if k not in without}
    return [plain(v, without) for v in value] if isinstance(value, (list, tuple)) else value


def ipvs_listing():
    return subprocess.run(['ipvsadm', '-Sn'], stdout=subprocess.PIPE, check=True, text=True).stdout


def state():
    """All that there is of ours: services with their digests, backends with their slots, settings, counters."""
    return plain([family.dump('service-get'), family.dump('backend-get'), family.get('settings-get')['settings'],
                  family.get('stats-get')['counters']])


def become(what, wanted):
    """It is so, soon: builds follow changes, and follow again where they failed."""
    try:
        poll(lambda: state() == wanted, 30 * SLOW)
    except AssertionError as error:
        raise AssertionError(f'{what}: {differences(wanted, state())}') from error


def differences(wanted, seen, at=''):
    if isinstance(wanted, dict) and isinstance(seen, dict) or \
            isinstance(wanted, list) and isinstance(seen, list) and len(wanted) == len(seen):
        keys = wanted if isinstance(wanted, dict) else range(len(wanted))
        return [found for k in keys for found in
                differences(wanted[k], seen.get(k) if isinstance(seen, dict) else seen[k], f'{at}.{k}')]
    return [] if wanted == seen else [f'{at[1:]}: wanted {wanted}, saw {seen}']


def netlink(command, request, flags=ACK):
    """A command as a function of a fault: (what it answered, or the error; was there a fault)."""
    def do(fault):
        fault.enter()
        try:
            answer = family.call(command, request, flags)
        except Refused as refusal:
            answer = refusal
        hit = fault.hit()
        return answer, hit
    return do


def program(*words):
    """Likewise; its errors are what it says."""
    def do(fault):
        status, said, hit = run(words, fault)
        return (RuntimeError(said.strip()) if status else said), hit
    return do


def is_clear(error):
    """No memory it is, by its number, or by the words that ipvsadm has for that."""
    if isinstance(error, Refused):
        return error.errno == ENOMEM
    return bool(re.search('memory', str(error), re.IGNORECASE))


def do_plainly(what, command):
    answer, _ = command(Nothing())
    assert not isinstance(answer, Exception), f'{what}, without a fault: {answer}'
    return answer


def under_faults(what, command, judge, faults=None, least=1):
    """Do the command under each of the faults, and have it judged. Return: (refused, done nevertheless)."""
    counts = [0, 0]
    for sequence in faults or every_fault():
        for fault in sequence:
            answer, hit = command(fault)
            refused = isinstance(answer, Exception)
            assert hit or not refused, f'{what}, without a fault: {answer}'
            assert not refused or is_clear(answer), f'{what}, {fault}: {answer!r}'
            try:
                judge(answer, refused)
            except AssertionError as error:
                raise AssertionError(f'{what}, {fault}: {error}') from error
            if not hit:
                break
            counts[0 if refused else 1] += 1
    assert sum(counts) >= least, f'{what}: allocates nothing'
    return counts


def reading(what, command, request, flags=ACK):
    """An answer under a fault is the whole answer, or none."""
    do = netlink(command, request, flags)
    whole = plain(do_plainly(what, do))

    def judge(answer, refused):
        assert refused or plain(answer) == whole, 'another answer'
    # What netlink itself allocates for a listing is not below ours.
    return under_faults(what, do, judge, least=0 if flags == DUMP else 1)


def changing(what, command, undo, least=1):
    """A change is refused, and then nothing has changed, and the next try does it; or it is made, whole."""
    listing, before = ipvs_listing(), state()
    do_plainly(what, command)
    poll(lambda: state() != before)
    after = settled()
    do_plainly(what, undo)
    become(f'{what}: undone', before)

    def judge(_, refused):
        if refused:
            now = state()
            assert now == before, f'it is not as before: {differences(before, now)}'
            assert ipvs_listing() == listing, "IPVS's are not as before"
            do_plainly(what, command)
        become(what, after)
        do_plainly(what, undo)
        become(f'{what}: undone', before)
    return under_faults(what, command, judge, least=least)


def settled():
    """The state once nothing changes any more."""
    last = [None]

    def same():
        time.sleep(0.2)
        last.append(state())
        return len(last) > 3 and last[-1] == last[-2] == last[-3]
    poll(same, 30 * SLOW)
    return last[-1]


def set_backend(port, i, **values):
    return netlink('backend-set', {'service': service(port), 'backend': backend(i, port, **values)})


def set_service(port, **values):
    return netlink('service-set', {'service': service(port, **values)})


def set_all(**values):
    return netlink('settings-set', {'settings': {word.replace('_', '-'): value for word, value in values.items()}})


def report(results):
    return ', '.join(f'{what} {refused}+{done}' for what, (refused, done) in results.items())


def test_reading():
    """Each command that reads answers whole, or says that there is no memory."""
    one = {'service': service(80)}
    entries = [{'op': SET, 'backend': backend(1, share=50)}, {'op': DEL, 'backend': backend(2)},
               {'op': ADD, 'backend': backend(9)}]
    return report({what: reading(what, command, request, flags) for what, command, request, flags in (
        ('service-get', 'service-get', one, ACK), ('service-list', 'service-get', {}, DUMP),
        ('backend-get', 'backend-get', {**one, 'backend': backend(1)}, ACK), ('backend-list', 'backend-get', {}, DUMP),
        ('settings-get', 'settings-get', {}, ACK), ('stats-get', 'stats-get', {}, ACK),
        ('flow-count', 'flow-count', {}, DUMP), ('flow-flush', 'flow-flush', {}, ACK),
        ('explain', 'explain', tuple_(4242, 53), ACK), ('preview', 'preview', {**one, 'entry': entries}, DUMP),
        ('preview-big', 'preview', {'service': service(81), 'entry': [{'op': DEL, 'backend': backend(2, 81)}]}, DUMP))})


def test_tables_are_read():
    """Tables and flows are told of without memory of ours."""
    whole = family.dump('table-get', {'service': service(81)})
    for fault in (Nth(1), Nth(2)):
        for command, request in ('table-get', {'service': service(81)}), ('flow-get', {}):
            answer, hit = netlink(command, request, DUMP)(fault)
            assert not hit, f'{command}: {fault}'
            assert command != 'table-get' or plain(answer) == plain(whole), 'another table'


def test_settings():
    """Flow tables, hooks and all else that is set: refused and as before, or done."""
    do_plainly('flows', set_all(flows=0))
    results = {
        'flows': changing('flows', set_all(flows=60000), set_all(flows=0)),
        'key': changing('key', set_all(key='00' * 15 + '01', flows=60000), set_all(key='00' * 16, flows=0)),
        'hook': changing('hook', set_all(hook=2), set_all(hook=1)),
        'probe': changing('probe', set_all(probe=1, probe_base=0x10000),
                          set_all(probe=0, probe_base=0)),
    }
    do_plainly('flows', set_all(flows=60000))
    # From one size to another there is no way back before the old tables are gone: only what is refused is looked at.
    before = state()

    def judge(_, refused):
        if refused:
            assert state() == before, differences(before, state())
            return
        do_plainly('flows', set_all(flows=0))
        do_plainly('flows', set_all(flows=60000))
        become('flows again', before)
    results['replace'] = under_faults('replace', set_all(flows=90000), judge)
    do_plainly('flows', set_all(flows=0))
    do_plainly('flows', set_all(flows=1 << 20))
    return report(results)


def test_services():
    """A table size, a mode or timeouts that cannot be built are refused, and all is as before."""
    size = changing('size', set_service(80, table_size=509), set_service(80, table_size=251))
    big = changing('big', set_service(81, table_size=BIGGER), set_service(81, table_size=BIG))
    mode = changing('mode', set_service(80, mode_set=1), set_service(80, mode_set=2))
    timeouts = changing('timeouts', set_service(80, timeouts={'reset': 100}), set_service(80, timeouts={'reset': 10}))
    return report({'size': size, 'big': big, 'mode': mode, 'timeouts': timeouts})


def test_batches():
    """All entries of a batch, or none."""
    def entries(state_, share, timeout):
        return {'entry': [{'op': SET, 'service': service(port),
                           'backend': backend(i, port, admin_state=state_, share=share)}
                          for port in (80, 81) for i in (1, 2)] +
                         [{'op': SET_SERVICE, 'service': service(81, timeouts={'reset': timeout})}]}
    return report({'batch': changing('batch', netlink('batch', entries(DRAIN, 50, 20)),
                                     netlink('batch', entries(UP, 100, 10)))})


def next_event(listener, wanted):
    """Does it come? None: listeners are told that there was no memory for it."""
    listener.socket.settimeout(20 * SLOW)
    while True:
        try:
            data = listener.socket.recv(1 << 20)
        except OSError as error:
            assert error.errno == ENOBUFS, error
            return None
        for _, _, _, body in listener.messages(data):
            if body[0] == wanted:
                return True


def test_events():
    """Who listens hears of a change, or hears that there was something that could not be told."""
    listener = Family()
    listener.subscribe()
    told = lost = 0
    for n in range(1, 100):
        wanted = DOWN if n % 2 else UP
        _, hit = set_backend(80, 1, health_state=wanted)(Nth(n))
        if next_event(listener, COMMAND['state-ntf']):
            told += 1
        else:
            lost += 1
        become_published(listener)
        if not hit:
            break
    do_plainly('up', set_backend(80, 1, health_state=UP))
    assert lost and told, (lost, told)
    return f'{told} heard, {lost} known to be missed'


def become_published(listener):
    """Let what follows a change come, so that it is not taken for the next one's."""
    listener.socket.settimeout(1)
    while True:
        try:
            listener.socket.recv(1 << 20)
        except TimeoutError:
            return
        except OSError:
            pass


def ipvsadm(line):
    return program('ipvsadm', *line.split())


def test_ipvs():
    """What ipvsadm is told: a service that cannot be had is refused; all else is made good for by later builds."""
    new = f'-t {VIP}:90'
    one = f'-t {VIP}:80 -r 10.0.0.9'
    tunnel = '-i --tun-type gre -w 2'
    before = state()
    results = {
        'add-service': changing('add-service', ipvsadm(f'-A {new} -s maglev'), ipvsadm(f'-D {new}')),
        'add': changing('add', ipvsadm(f'-a {one} {tunnel}'), ipvsadm(f'-d {one}')),
    }
    do_plainly('service', ipvsadm(f'-A {new} -s maglev'))
    first = f'{new} -r 10.0.0.1'
    # Without one there is no table at first; later there is one of nobody.
    do_plainly('backend', ipvsadm(f'-a {first} {tunnel}'))
    do_plainly('nobody', ipvsadm(f'-d {first}'))
    settled()
    results['first'] = changing('first', ipvsadm(f'-a {first} {tunnel}'), ipvsadm(f'-d {first}'))
    do_plainly('backend', ipvsadm(f'-a {first} {tunnel}'))
    # These need no memory themselves: what follows them is test_workers' matter.
    for name, change, undo in (('edit', f'-e {first} -i --tun-type gre -w 0', f'-e {first} {tunnel}'),
                               ('delete', f'-d {first}', f'-a {first} {tunnel}'),
                               ('method', f'-e {first} -m -w 2', f'-e {first} {tunnel}')):
        results[name] = changing(name, ipvsadm(change), ipvsadm(undo), least=0)
        assert not sum(results[name]), f'{name} needs memory'
    do_plainly('away', ipvsadm(f'-E {new} -s wlc'))
    results['take-over'] = taking_over(new)
    do_plainly('service', ipvsadm(f'-D {new}'))
    # It goes after the next sweep, not at once.
    become('service', before)
    return report(results)


def taking_over(name):
    """A service of another scheduler becomes ours, and goes back, whatever fails: IPVS has unbound that one before."""
    def judge(_, refused):
        assert not refused, 'the last scheduler may be gone'
        poll(lambda: is_well(90), 30 * SLOW)
        for fault in (Nth(1), Nothing()):
            answer, _ = ipvsadm(f'-E {name} -s wlc')(fault)
            assert not isinstance(answer, Exception), answer
    return under_faults('take-over', ipvsadm(f'-E {name} -s maglev'), judge)


def is_well(port):
    what = family.get('service-get', {'service': {'key': key(port)}})['service']
    return not what['error'] and what.get('base-digest') and what['forwarding'] == 1


def test_namespaces():
    """A network namespace comes, or does not come for lack of memory; nothing stays behind."""
    before = state()
    refused = came = 0
    for faults in nths(), nths(37, 4000):
        for fault in faults:
            hit, error = unshare(fault)
            assert not error or hit, (str(fault), os.strerror(error))
            refused, came = refused + bool(error), came + (not error)
            if not hit:
                break
        within_kernel()
    within_module()
    become('namespaces', before)
    return f'{refused} refused, {came} came'


def unshare(fault):
    """In a child, so that the namespace goes with it. Return: (was there a fault, errno)."""
    inside, outside = os.pipe()
    child = os.fork()
    if not child:
        try:
            fault.enter()
            error = 0 if LIBC.unshare(CLONE_NEWNET) == 0 else ctypes.get_errno()
            hit = fault.hit()
            os.write(outside, bytes([hit, error]))
        finally:
            os._exit(0)
    os.close(outside)
    os.waitpid(child, 0)
    hit, error = os.read(inside, 2)
    os.close(inside)
    return hit, error


def test_hotplug():
    """A CPU comes without memory for its flow table, and has it soon after."""
    if not os.access(ONLINE, os.W_OK):
        return 'CPU 1 cannot be taken away'
    do_plainly('flows', set_all(flows=0))
    before = capacity_with(2)
    hits = late = 0
    try:
        for faults in nths(), [Budget('fail_page_alloc', 0)], [Budget('fail_page_alloc', 40)]:
            for fault in faults:
                hit = come_back(fault)
                late += capacity() != before
                poll(lambda: capacity() == before, 60 * SLOW)
                hits += hit
                if not hit:
                    break
    finally:
        set_online(1)
    do_plainly('flows', set_all(flows=0))
    do_plainly('flows', set_all(flows=1 << 20))
    assert hits, 'it always had its table'
    return f'{hits} faults, {late} tables came late'


def come_back(fault):
    """CPU 1, as flow tables are new. Return: was there a fault?"""
    set_online(0)
    do_plainly('flows', set_all(flows=0))
    do_plainly('flows', set_all(flows=60000))
    fault.enter()
    set_online(1)
    return fault.hit()


def set_online(value):
    with open(ONLINE, 'w', encoding='ascii') as file:
        file.write(str(value))


def capacity():
    return family.get('stats-get')['counters']['capacity']


def capacity_with(cpus):
    """Of tables made while one CPU is away, once it is back: each has room for all."""
    set_online(0)
    do_plainly('flows', set_all(flows=60000))
    alone = capacity()
    set_online(1)
    do_plainly('flows', set_all(flows=0))
    return cpus * alone


def digests(port):
    what = family.get('service-get', {'service': {'key': key(port)}})['service']
    return f"{what['base-digest']:016x}", f"{what['live-digest']:016x}"


def offline(port, words):
    what = family.get('service-get', {'service': {'key': key(port)}})['service']
    command = [MAGLEVADM, '-j', 'table', 'build', '--key', '0' * 32, '--size', str(what['table-size']), *words]
    table = json.loads(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout)
    return table['base_digest'], table['live_digest']


def test_workers():
    """A third of what workers and packets ask for is not to be had: nothing breaks; then all is as it should be."""
    try:
        for kind in 'failslab', 'fail_page_alloc':
            write(kind, task_filter='N', space=0, times=-1, probability=33)
        end = time.monotonic() + 8 * SLOW
        rounds = refused = 0
        while time.monotonic() < end:
            rounds += 1
            for command in (set_backend(80, 1 + rounds % FEW, admin_state=rounds % 3, share=rounds % 100),
                            set_service(81, table_size=(BIG, BIGGER)[rounds % 2]), set_all(hook=1 + rounds % 2)):
                answer, _ = command(Nothing())
                assert not isinstance(answer, Exception) or is_clear(answer), answer
                refused += isinstance(answer, Exception)
            ipvs(f'-e -t {VIP}:80 -r 10.0.0.2 -i --tun-type gre -w {rounds % 5}\n')
            ipvs(f'-a -t {VIP}:81 -r 10.0.0.8 -i --tun-type gre -w 1\n-d -t {VIP}:81 -r 10.0.0.8\n')
            send_udp(20000 + rounds % 100 * 100, 20099 + rounds % 100 * 100, 53)
    finally:
        for kind in 'failslab', 'fail_page_alloc':
            write(kind, probability=0, task_filter='Y')
    for i in range(1, FEW + 1):
        do_plainly('up', set_backend(80, i, admin_state=UP, share=100))
    do_plainly('size', set_service(81, table_size=BIG))
    do_plainly('hook', set_all(hook=1))
    ipvs(f'-e -t {VIP}:80 -r 10.0.0.2 -i --tun-type gre -w 1\n')
    for port in 80, 81:
        wanted = offline(port, [f'10.0.0.{i}:{port}=1' for i in range(1, FEW + 1)])
        poll(lambda port=port, wanted=wanted: is_well(port) and digests(port) == wanted, 30 * SLOW)
    assert refused, 'nothing was refused'
    return f'{rounds} rounds, {refused} refused'


def unload():
    """A namespace's services go a while after its name, and hold the module."""
    subprocess.run(['rmmod', 'ip_vs_maglev'], stderr=subprocess.DEVNULL, check=False)
    return not os.path.exists('/sys/module/ip_vs_maglev')


def test_loading():
    """The module is loaded, or is not for lack of memory and leaves nothing behind."""
    ipvs('-C\n')
    within_function('do_one_initcall')
    refused = 0
    for n in range(1, 500):
        poll(unload, 60 * SLOW)
        status, said, hit = run(['modprobe', 'ip_vs_maglev', 'table_size=251'], Nth(n))
        assert status == 0 or ('memory' in said and not os.path.exists('/sys/module/ip_vs_maglev')), said
        refused += status != 0
        if not hit:
            break
    within_module()
    assert refused, 'nothing was refused'
    return f'{refused} refused'


TESTS = (test_reading, test_tables_are_read, test_services, test_batches, test_events, test_settings, test_ipvs,
         test_namespaces, test_hotplug, test_workers, test_loading)


def main():
    prepare()
    add_service(80, FEW)
    add_service(81, FEW)
    add_service(53, 2, 'u')
    do_plainly('big', set_service(81, table_size=BIG))
    poll(lambda: is_well(80) and is_well(81))
    wanted = os.environ.get('FAULTS', '').split()
    failed = []
    for test in TESTS:
        if wanted and test.__name__[5:] not in wanted:
            continue
        started = time.monotonic()
        try:
            said = test()
        except Exception:  # pylint: disable=broad-exception-caught
            traceback.print_exc()
            failed.append(test.__name__[5:])
            continue
        print(f"ok {test.__name__[5:]}{': ' + said if said else ''} ({time.monotonic() - started:.1f} s)", flush=True)
    ipvs('-C\n')
    sys.exit(f"failed: {' '.join(failed)}" if failed else 0)


family = Family()
main()

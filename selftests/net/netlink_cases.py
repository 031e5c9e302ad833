#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""netlink_cases.py NS: what netlink_test.sh tests, in the balancer's namespace of lib.sh's topology; NS is its prefix.

Each function below named test_* is one promise; they build on one another.
"""
import json
import os
import random
import re
import struct
import subprocess
import sys
import time
import traceback

from errno import EACCES, EBUSY, E2BIG, EMSGSIZE, ENOENT, EPERM, ERANGE
from netlink import ACK, COMMAND, DUMP, NUMBERS, NESTED, Family, Refused, attr, encode
from netlink_refusals import (ADD, CLOSING, DEL, DOWN, DRAIN, HALF_OPEN, SET, SET_SERVICE, UP, VIP, VIP6, backend,
                              key, refusals, service, tuple_)
from netlink_world import In, add_service, ipvs, poll, poll_is, send_udp

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
MAGLEVADM = os.environ.get('MAGLEVADM', os.path.join(TOP, 'build/maglevadm'))
KEY = '000102030405060708090a0b0c0d0e0f'
NOBODY = 65534
ALL_UP = ['10.0.0.1:80=1', '10.0.0.2:80=1', '10.0.0.3:80=1']

random.seed(1)


def get_service(port, protocol=6):
    return family.get('service-get', {'service': {'key': key(port, protocol)}})['service']


def get_backend(port, i):
    return family.get('backend-get', {'service': service(port), 'backend': backend(i, port)})['backend']


def set_backend(port, i, **values):
    family.get('backend-set', {'service': service(port), 'backend': backend(i, port, **values)})


def backends_of(port, protocol=6):
    replies = family.dump('backend-get', {'service': {'key': key(port, protocol)}})
    return [reply['backend'] for reply in replies]


def has_placed(named, n):
    """A backend is told of as soon as IPVS has it, a moment before a table has."""
    return sum('place' in reply['backend'] for reply in family.dump('backend-get', named)) == n


def all_settings():
    return family.get('settings-get')['settings']


def settings():
    """What stays until somebody sets it."""
    return {word: value for word, value in all_settings().items() if word != 'changes'}


def refused(command, request, flags=ACK):
    try:
        family.call(command, request, flags)
    except Refused as refusal:
        return refusal
    raise AssertionError(f'{command} {request}: not refused')


def offline(port, words):
    """The digests and slots that maglevadm finds for this state of a service's backends."""
    what = get_service(port)
    out = subprocess.run([MAGLEVADM, '-j', 'table', 'build', '--key', cluster_key, '--size', str(what['table-size']),
                          *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    return json.loads(out)


def agree(port, words):
    """The kernel's tables are those that maglevadm builds offline."""
    table = offline(port, words)

    def same():
        what = get_service(port)
        return (f"{what['base-digest']:016x}", f"{what['live-digest']:016x}") == \
            (table['base_digest'], table['live_digest'])

    poll(same)
    for mine, theirs in zip(backends_of(port), table['backends']):
        assert (mine['base-slots'], mine['live-slots']) == (theirs['base_slots'], theirs['live_slots']), (mine, theirs)


def test_abi_numbers():
    """Attributes and commands have the numbers of the uapi header."""
    with open(os.path.join(TOP, 'include/uapi/linux/ip_vs_maglev.h'), encoding='utf-8') as file:
        header = re.sub(r'/\*.*?\*/', '', file.read(), flags=re.DOTALL)
    seen = 0
    for body in re.findall(r'enum\s*\{([^}]*)\}', header):
        number = 0
        for line in body.split(','):
            found = re.match(r'\s*MAGLEV_(A|CMD)_(\w+)(?:\s*=\s*(\d+))?\s*$', line)
            if not found:
                continue
            number = int(found[3]) if found[3] else number + 1
            word = found[2].lower().replace('_', '-')
            if found[1] == 'CMD':
                assert COMMAND[word] == number, word
            else:
                names = [name for name in NUMBERS if name == 'maglev' or word.startswith(name + '-')]
                assert any(NUMBERS[name].get(word[0 if name == 'maglev' else len(name) + 1:], (0,))[0] == number
                           for name in names), word
            seen += 1
    assert seen > 180, seen


def test_reading():
    """Services and backends are told of whole."""
    what = get_service(80)
    assert what['n-backends'] == 3 and what['forwarding'] == 1 and what['left-because'] == 0, what
    assert what['scheduler'] == 'maglev' and what['error'] == 0 and 'error-text' not in what
    assert what['warnings'] == 8, 'a key of zero warns'
    assert what['timeouts'] == {'half-open': 60, 'established': 900, 'closing': 120, 'reset': 10}
    slots = [(b['base-slots'], b['live-slots'], b['place'], b['table-weight']) for b in backends_of(80)]
    assert sum(s[0] for s in slots) == sum(s[1] for s in slots) == what['table-size'] == 65537
    assert [s[2] for s in slots] == [0, 1, 2] and [s[3] for s in slots] == [1, 1, 1]
    for one in backends_of(80):
        assert family.get('backend-get', {'service': service(80), 'backend': backend(int(one['addr'][-1]))}) == {
            'service': {'key': key(80), 'id': what['id']}, 'backend': one}
        assert one['method'] == 2 and one['tunnel'] == 2 and one['tunnel-checksum'] == 0
    assert [r['service']['key'] for r in family.dump('service-get')] == [key(80), key(53, 17), key(81)]
    left = get_service(81)
    assert left['left-because'] == 13 and 'base-digest' not in left and left['n-backends'] == 0
    agree(80, ALL_UP)


def test_left_to_ipvs():
    """Why a service is IPVS's is told, and its table's answer is explained."""
    ipvs(f'-A -f 7 -s maglev\n-a -f 7 -r 10.0.0.1 -i\n'
         f'-A -t {VIP}:0 -s maglev -p 60\n-a -t {VIP}:0 -r 10.0.0.1 -i\n'
         f'-A -t {VIP}:83 -s maglev\n-a -t {VIP}:83 -r 10.0.0.1 -m\n'
         f'-A -t {VIP}:84 -s maglev\n-a -t {VIP}:84 -r 10.0.0.1 -i -x 9 -y 1\n'
         f'-A -t {VIP}:85 -s maglev -p 60\n-a -t {VIP}:85 -r 10.0.0.1 -i\n'
         f'-A -u {VIP}:86 -s maglev -o\n-a -u {VIP}:86 -r 10.0.0.1 -i\n'
         f'-A -t {VIP}:21 -s maglev\n-a -t {VIP}:21 -r 10.0.0.1 -i\n'
         f'-A -t {VIP}:87 -s maglev\n-a -t {VIP}:87 -r 10.0.0.1 -i --tun-type gue --tun-port 6080\n')
    for what, reason in ((key(0), 4), (key(83), 8), (key(84), 10), (key(85), 6), (key(86, 17), 7), (key(21), 5),
                         (key(87), 9), ({'af': 2, 'fwmark': 7}, 2)):
        found = family.get('service-get', {'service': {'key': what}})['service']
        assert (found['forwarding'], found['left-because']) == (0, reason), found
    answer = family.get('explain', tuple_(4242, 83, protocol=6))
    assert (answer['decision']['reason-name'], answer['decision']['verdict']) == ('not-ours', 1), answer
    assert answer['decision']['chosen']['addr'] == '10.0.0.1' and answer['service']['left-because'] == 8
    answer = family.get('explain', tuple_(4242, 80, protocol=6, mark=7))
    assert answer['decision']['reason-name'] == 'mark' and answer['service']['key'] == {'af': 2, 'fwmark': 7}
    answer = family.get('explain', tuple_(4242, 9999, protocol=6))
    assert answer['service']['key'] == key(0)
    ipvs(f'-D -f 7\n-D -t {VIP}:0\n-D -t {VIP}:83\n-D -t {VIP}:84\n-D -t {VIP}:85\n-D -u {VIP}:86\n-D -t {VIP}:21\n'
         f'-D -t {VIP}:87\n')


def test_overlay():
    """A set writes only what it carries; states and shares make the table maglevadm makes of them."""
    set_backend(80, 2, share=50)
    agree(80, ['10.0.0.1:80=1', '10.0.0.2:80=1,share=50', '10.0.0.3:80=1'])
    set_backend(80, 2, admin_state=DRAIN, deadline_ms=3600000)
    one = get_backend(80, 2)
    assert (one['share'], one['admin-state'], one['health-state'], one['state']) == (50, DRAIN, UP, DRAIN), one
    assert 3500000 < one['deadline-ms'] <= 3600000
    agree(80, ['10.0.0.1:80=1', '10.0.0.2:80=1,drain,share=50', '10.0.0.3:80=1'])
    set_backend(80, 2, health_state=DOWN)
    assert get_backend(80, 2)['state'] == DOWN and get_backend(80, 2)['admin-state'] == DRAIN
    agree(80, ['10.0.0.1:80=1', '10.0.0.2:80=1,down,share=50', '10.0.0.3:80=1'])
    set_backend(80, 2, health_state=UP)
    assert get_backend(80, 2)['deadline-ms'] > 3500000, 'health does not touch the deadline'
    set_backend(80, 2, admin_state=UP, share=100)
    assert get_backend(80, 2)['deadline-ms'] == 0, 'up ends the drain'
    set_backend(80, 2, nominal_weight=3)
    agree(80, ['10.0.0.1:80=1', '10.0.0.2:80=3', '10.0.0.3:80=1'])
    one = get_backend(80, 2)
    assert (one['weight'], one['nominal-weight'], one['table-weight']) == (1, 3, 3), one
    ipvs(f'-e -t {VIP}:80 -r 10.0.0.2 -i --tun-type gre -w 0\n')
    agree(80, ['10.0.0.1:80=1', '10.0.0.2:80=3,drain', '10.0.0.3:80=1'])
    assert get_backend(80, 2)['ipvs-state'] == DRAIN
    ipvs(f'-e -t {VIP}:80 -r 10.0.0.2 -i --tun-type gre -w 1\n')
    set_backend(80, 2, nominal_weight=0)
    agree(80, ALL_UP)


def test_nothing_changes():
    """A change that leaves everything as it is builds nothing and tells nobody."""
    before = get_service(80)['generation']
    listener = Family()
    listener.subscribe()
    for _ in range(5):
        set_backend(80, 2, admin_state=UP, health_state=UP, share=100, nominal_weight=0)
        family.get('service-set', {'service': service(80, table_size=65537, mode_set=2)})
    assert not list(listener.events(0.5))
    assert get_service(80)['generation'] == before


def wait_events(listener, wanted, seconds=40):
    """Events until these have come, in this order, others between; their numbers follow each other."""
    seen, left, last, end = [], list(wanted), None, time.monotonic() + seconds
    while left and time.monotonic() < end:
        for name, event in listener.events(0.2):
            assert last is None or event['seq'] == last + 1, (last, event)
            last = event['seq']
            seen.append((name, event))
            if left and left[0] == name:
                left.pop(0)
    assert not left, (left, [name for name, _ in seen])
    return seen


def test_events():
    """Everything that happens is told, with contiguous numbers; an overlay dies with its backend."""
    listener = Family()
    listener.subscribe()
    add_service(90, 2)
    seen = wait_events(listener, ['service-add-ntf', 'backend-add-ntf', 'publish-ntf', 'backend-add-ntf',
                                  'publish-ntf'])
    assert seen[0][1]['service']['key'] == key(90)
    set_backend(90, 1, admin_state=DRAIN, deadline_ms=3000)
    seen = wait_events(listener, ['state-ntf', 'publish-ntf']) + wait_events(listener, ['state-ntf', 'publish-ntf'])
    if 'drained-ntf' not in [name for name, _ in seen]:  # it had no flows before the deadline either
        wait_events(listener, ['drained-ntf'])
    states = [event for name, event in seen if name == 'state-ntf']
    assert [(e['old-state'], e['backend']['state'], e['cause']) for e in states] == [(UP, DRAIN, 1), (DRAIN, DOWN, 3)]
    assert get_backend(90, 1)['admin-state'] == DOWN
    set_backend(90, 1, admin_state=UP, health_state=DRAIN, share=7, nominal_weight=5)
    seen = wait_events(listener, ['state-ntf', 'publish-ntf'])
    state = [event for name, event in seen if name == 'state-ntf'][0]
    assert (state['old-state'], state['backend']['state'], state['cause']) == (DOWN, DRAIN, 1), state
    ipvs(f'-d -t {VIP}:90 -r 10.0.0.1\n')
    seen = wait_events(listener, ['backend-del-ntf', 'publish-ntf'])
    assert seen[0][1]['backend']['addr'] == '10.0.0.1' and seen[0][1]['backend']['share'] == 7
    assert refused('backend-get', {'service': service(90), 'backend': backend(1, 90)}).errno == ENOENT
    ipvs(f'-a -t {VIP}:90 -r 10.0.0.1 -i --tun-type gre -w 1\n')
    wait_events(listener, ['backend-add-ntf', 'publish-ntf'])
    one = get_backend(90, 1)
    assert (one['state'], one['share'], one['nominal-weight'], one['health-state']) == (UP, 100, 0, UP), one
    # Gone and back before the next build: two events, and nothing of the overlay stays.
    set_backend(90, 1, share=9)
    wait_events(listener, ['publish-ntf'])
    ipvs(f'-d -t {VIP}:90 -r 10.0.0.1\n-a -t {VIP}:90 -r 10.0.0.1 -i --tun-type gre -w 1\n')
    wait_events(listener, ['backend-del-ntf', 'backend-add-ntf', 'publish-ntf'])
    assert get_backend(90, 1)['share'] == 100
    ipvs(f'-e -t {VIP}:90 -r 10.0.0.1 -i --tun-type gre -w 0\n')
    seen = wait_events(listener, ['state-ntf', 'publish-ntf', 'drained-ntf'])
    assert seen[0][1]['cause'] == 0 and seen[-1][1]['cause'] == 4
    ipvs(f'-D -t {VIP}:90\n')
    seen = wait_events(listener, ['service-del-ntf'])
    assert not [name for name, _ in seen if name == 'backend-del-ntf']


def test_batch():
    """All entries or none; each service is built once."""
    add_service(91, 500)
    add_service(92, 500)
    poll(lambda: len(backends_of(91)) == len(backends_of(92)) == 500 and get_service(92)['base-digest'])
    entries = [{'op': SET, 'service': service(port), 'backend': backend(i, port, share=i % 100, health_state=i % 3)}
               for port in (91, 92) for i in range(1, 501)]
    # Builds that adding still asked for.
    time.sleep(3)
    before = family.dump('backend-get'), [get_service(port)['generation'] for port in (91, 92)]
    bad = list(entries)
    bad[777] = {'op': SET, 'service': service(92), 'backend': backend(501, 92, share=1)}
    refusal = refused('batch', {'entry': bad})
    assert (refusal.errno, refusal.bad) == (ENOENT, 'entry.backend'), refusal
    bad[777] = {'op': SET, 'service': service(92), 'backend': backend(1, 92, share=101)}
    refusal = refused('batch', {'entry': bad})
    assert (refusal.errno, refusal.bad) == (ERANGE, 'entry.backend.share'), refusal
    bad[777] = {'op': SET_SERVICE, 'service': service(92, table_size=251)}
    assert refused('batch', {'entry': bad}).errno == E2BIG
    time.sleep(1)
    after = family.dump('backend-get'), [get_service(port)['generation'] for port in (91, 92)]
    assert before == after, 'something of a refused batch has been done'
    started = time.monotonic()
    family.get('batch', {'entry': entries})
    took = time.monotonic() - started
    poll(lambda: [get_service(port)['generation'] for port in (91, 92)] > before[1])
    time.sleep(2)
    assert [get_service(port)['generation'] for port in (91, 92)] == [n + 1 for n in before[1]]
    for port in (91, 92):
        assert [(b['share'], b['health-state']) for b in backends_of(port)] == \
            [(i % 100, i % 3) for i in range(1, 501)]
    # Of two entries for the same thing the later wins; size and mode go in a batch as well.
    family.get('batch', {'entry': [{'op': SET, 'service': service(91), 'backend': backend(1, 91, share=1)},
                                   {'op': SET_SERVICE, 'service': service(91, table_size=131071, mode_set=1)},
                                   {'op': SET, 'service': service(91), 'backend': backend(1, 91, share=2)}]})
    assert get_backend(91, 1)['share'] == 2
    poll(lambda: (get_service(91)['table-size'], get_service(91)['mode']) == (131071, 1))
    return f'1000 entries in {took * 1000:.0f} ms'


def test_long_messages():
    """A batch may be 16 MiB, and no longer."""
    entry = encode({'entry': [{'op': SET, 'service': service(91), 'backend': backend(3, 91, share=3)}]})
    n = (16 << 20) // len(entry)
    refusal = refused('batch', entry * (n + 1))
    seen_texts.add(refusal.text)
    assert (refusal.errno, refusal.text) == (EMSGSIZE, 'a batch is at most 16 MiB long'), refusal
    refusal = refused('preview', encode({'service': service(91)}) + entry * (n + 1), DUMP)
    seen_texts.add(refusal.text)
    assert refusal.errno == EMSGSIZE
    started = time.monotonic()
    family.get('batch', entry * (n - 1))
    return f'{n - 1} entries in {time.monotonic() - started:.1f} s'


def test_dumps():
    """Dumps go on where they were, and are marked where the set changed meanwhile."""
    names = [(r['service']['key']['port'], r['backend']['addr']) for r in family.dump('backend-get')]
    wanted = [(80, 3), (53, 2), (91, 500), (92, 500)]
    assert names == [(port, backend(i)['addr']) for port, n in wanted for i in range(1, n + 1)]
    sock = Family()
    sock.send(sock.id, COMMAND['backend-get'], b'', DUMP)
    first = sock.socket.recv(1 << 20)
    add_service(93, 1)
    flags, n = 0, 0
    data, done = first, False
    while not done:
        for kind, flag, _, _ in sock.messages(data):
            flags |= flag
            done |= kind == 3
            n += 1
        if not done:
            data = sock.socket.recv(1 << 20)
    assert flags & 0x10, 'not marked as interrupted'
    assert n > 1000
    ipvs(f'-D -t {VIP}:93\n')


def test_table():
    """A table comes in pieces, and is the one that backends' slots were counted in."""
    before = get_service(80)['generation']
    set_backend(80, 3, share=40)
    poll(lambda: get_service(80)['generation'] > before)
    pieces = [reply['table'] for reply in family.dump('table-get', {'service': service(80)})]
    assert [p['first-slot'] for p in pieces] == \
        [sum(len(q['live']) // 4 for q in pieces[:i]) for i in range(len(pieces))]
    what, backends = get_service(80), backends_of(80)
    for word, slots in ('live', 'live-slots'), ('base', 'base-slots'):
        table = b''.join(bytes.fromhex(p.get(word, p['live'])) for p in pieces)
        assert len(table) == 2 * what['table-size']
        places = memoryview(table).cast('H').tolist()
        assert [places.count(b['place']) for b in backends] == [b[slots] for b in backends]
    assert {p['generation'] for p in pieces} == {what['generation']}
    set_backend(80, 3, share=100)
    agree(80, ALL_UP)


def test_table_size():
    """A service's table size and timeouts change before the answer comes."""
    before = get_service(80)
    family.get('service-set', {'service': service(80, table_size=251)})
    after = get_service(80)
    assert after['table-size'] == 251 and after['generation'] == before['generation'] + 1
    assert after['timeouts'] == before['timeouts'] and after['warnings'] == 9
    agree(80, ALL_UP)
    assert get_service(53, 17)['table-size'] == 65537, 'other services keep theirs'
    family.get('service-set', {'service': service(80, timeouts={'established': 7200, 'reset': 1}, mode_set=1)})
    after = get_service(80)
    assert after['timeouts'] == {'half-open': 60, 'established': 7200, 'closing': 120, 'reset': 1}
    assert after['mode'] == 1 and after['mode-set'] == 1 and after['table-size'] == 251
    family.get('service-set', {'service': service(80, fragments=1)})
    assert get_service(80)['fragments'] == 1, 'as the kernel has it anyway'
    refusal = refused('service-set', {'service': service(91, table_size=251, mode_set=0)})
    assert refusal.errno == E2BIG and refusal.bad == 'service.table-size'
    assert (get_service(91)['table-size'], get_service(91)['mode']) == (131071, 1)
    family.get('service-set', {'service': service(80, table_size=65537, mode_set=2,
                                                  timeouts={'established': 900, 'reset': 10})})
    assert get_service(80)['live-digest'] == before['live-digest']


def flow_rows(request=None):
    return [reply['flow'] for reply in family.dump('flow-get', request)]


def counts(request=None):
    return {(r['service']['key']['port'], r['backend']['addr']): r['flow-count']
            for r in family.dump('flow-count', request)}


UDP = {'key': key(53, 17)}


def test_flows():
    """Tracked flows are listed, found, counted, explained, drained and forgotten."""
    send_udp(30001, 30200, 53)
    poll_is(200, lambda: sum(c['half-open'] for c in counts().values()))
    rows = flow_rows()
    assert len(rows) == 200 and len({row['hash'] for row in rows}) == 200
    for row in rows:
        assert row['key'] == UDP['key'] and row['state'] == HALF_OPEN and row['old'] == 0 and row['port'] == 53, row
        assert row['slot'] == ((row['hash'] >> 6) * 65537) >> 32, row
    of = {addr: [row for row in rows if row['addr'] == addr] for addr in ('10.0.0.1', '10.0.0.2')}
    for i, addr in enumerate(of, 1):
        only = {'service': UDP, 'backend': backend(i, 53)}
        assert len(flow_rows(only)) == len(of[addr]) == counts(only)[53, addr]['half-open'] > 50
    assert len(flow_rows({'service': UDP, 'flow': {'state': HALF_OPEN}})) == 200
    assert not flow_rows({'flow': {'state': CLOSING}}) and not flow_rows({'service': service(80)})
    row = family.get('flow-get', tuple_(30007, 53))['flow']
    assert any(all(row[word] == other[word] for word in ('hash', 'cpu', 'line', 'slot', 'index')) for other in rows)
    before = family.get('stats-get')['counters']
    answer = family.get('explain', tuple_(30007, 53, length=1476))
    told = answer['decision']
    assert (told['verdict'], told['reason-name'], told['source']) == (0, 'none', 1), told
    assert told['flow']['hash'] == row['hash'] == told['hash'] >> 26 and told['slot'] == row['slot']
    assert told['chosen']['addr'] == row['addr'] == told['outer']['daddr'] == told['base-owner']['addr']
    assert told['outer'] == {'tunnel': 2, 'saddr': '10.0.1.2', 'daddr': row['addr'], 'overhead': 24, 'mtu': 1500,
                             'ifindex': told['outer']['ifindex'], 'gateway': '10.0.1.1'}
    assert family.get('explain', tuple_(30007, 53, length=1477))['decision']['reason-name'] == 'too-big'
    told = family.get('explain', tuple_(30201, 53))['decision']
    assert (told['source'], told['track']) == (4, 2) and 'flow' not in told
    assert family.get('explain', {'tuple': {**tuple_(1, 53)['tuple'], 'saddr': VIP}})['decision']['reason-name'] == \
        'source-is-vip'
    after = family.get('stats-get')['counters']
    assert {**before, 'published': 0} == {**after, 'published': 0}, 'explaining has side effects'
    assert after['flows-new'] == after['forwarded'] == 200 and after['segments'] == 200
    assert after['capacity'] > settings()['flows']
    what = get_service(53, 17)
    assert what['stats'] == {'flows-new': 200, 'packets': 200, 'segments': 200, 'bytes': 200 * 29, 'flows-answered': 0,
                             'flows-reset': 0, 'unreachable': 0}, what
    assert sum(b['stats']['packets'] for b in backends_of(53, 17)) == 200
    # A drained backend keeps its flows, one that is down loses them.
    family.get('backend-set', {'service': UDP, 'backend': backend(1, 53, admin_state=DRAIN)})
    mine = next(sport for sport in range(30001, 30201)
                if family.get('flow-get', tuple_(sport, 53))['flow']['addr'] == '10.0.0.1')
    told = family.get('explain', tuple_(mine, 53))['decision']
    assert told['chosen']['addr'] == '10.0.0.1' and told['source'] == 1
    poll(lambda: get_service(53, 17)['displaced-slots'] > 0)
    # Its slots have moved already; its flows would be lost.
    preview = family.dump('preview', {'service': UDP, 'entry': [{'op': SET, 'backend': backend(1, 53, admin_state=DOWN)}]})
    assert preview[0]['preview']['flows-lost'] == len(of['10.0.0.1']) and preview[0]['preview']['flows-moved'] == 0
    family.get('backend-set', {'service': UDP, 'backend': backend(1, 53, admin_state=DOWN)})
    told = family.get('explain', tuple_(mine, 53))['decision']
    assert told['chosen']['addr'] == '10.0.0.2' and told['source'] in (4, 5)
    family.get('backend-set', {'service': UDP, 'backend': backend(1, 53, admin_state=UP)})
    poll(lambda: get_service(53, 17)['displaced-slots'] == 0)
    poll_is(200, lambda: get_service(53, 17)['flows'], 40)
    one = len(of['10.0.0.1'])
    assert family.get('flow-flush', {'service': service(80)})['flows'] == 0
    assert family.get('flow-flush', {'service': UDP, 'backend': backend(1, 53)})['flows'] == one
    assert len(flow_rows()) == 200 - one
    assert family.get('flow-flush', {'service': UDP})['flows'] == 200 - one
    assert not flow_rows() and family.get('flow-flush')['flows'] == 0


def words_of(request=None):
    """(cpu, line, word) of all flows."""
    found = []
    for reply in family.dump('flow-save', request):
        what = reply['words']
        assert what['key-check'] == settings()['key-check'] and what['lines'] == settings()['lines'], what
        assert what['changes'] == all_settings()['changes'], what
        lines, words = bytes.fromhex(what['line']), bytes.fromhex(what['word'])
        assert len(words) == 2 * len(lines) > 0
        found += [(what['cpu'], line, word) for (line,), (word,) in zip(struct.iter_unpack('=I', lines),
                                                                     struct.iter_unpack('=Q', words))]
    return found


def restore(cpu, pairs, **values):
    now = all_settings()
    return family.get('flow-restore', {'words': {
        'cpu': cpu, 'lines': now['lines'], 'key-check': now['key-check'], 'changes': now['changes'],
        'line': b''.join(struct.pack('=I', line) for line, _ in pairs),
        'word': b''.join(struct.pack('=Q', word) for _, word in pairs), **values}})['restored']


def test_save_and_restore():
    """Flows that are saved, flushed and restored are those they were, wherever they are put."""
    send_udp(31001, 31200, 53)
    poll_is(200, lambda: len(flow_rows()))
    rows, saved = flow_rows(), words_of()
    assert sorted((row['cpu'], row['line'], row['hash'], row['index']) for row in rows) == \
        sorted((cpu, line, word >> 26, (word >> 10 & 0xffff) - 1) for cpu, line, word in saved)
    assert all(word >> 8 & 3 == HALF_OPEN and word & 0xff <= 15 for _, _, word in saved), saved[:4]
    cpus = sorted({cpu for cpu, _, _ in saved})
    of = {cpu: [(line, word) for cpu_, line, word in saved if cpu_ == cpu] for cpu in cpus}
    for cpu in cpus:
        assert restore(cpu, of[cpu]) == {'put': 0, 'expired': 0, 'known': len(of[cpu]), 'full': 0}
    assert family.get('flow-flush')['flows'] == 200 and not words_of()
    for cpu in cpus:
        assert restore(cpu, of[cpu]) == {'put': len(of[cpu]), 'expired': 0, 'known': 0, 'full': 0}

    def places(found):
        return sorted((cpu, line, word >> 8) for cpu, line, word in found)

    assert places(words_of()) == places(saved)
    row = family.get('flow-get', tuple_(31007, 53))['flow']
    assert any(row['hash'] == other['hash'] and row['addr'] == other['addr'] for other in rows)
    # Of a CPU that is not there they go to another one's table; established ones find room where half-open ones do not.
    family.get('flow-flush')
    line, word = saved[0][1:]
    others = [(line, (word ^ i << 30) | 1 << 8) for i in range(9)]
    assert restore(4095, others[:8]) == {'put': 8, 'expired': 0, 'known': 0, 'full': 0}
    assert len({cpu for cpu, _, _ in words_of()}) == 1
    online = settings()['cpus']
    told = restore(4095, others[8:])
    assert told == {'put': int(online > 1), 'expired': 0, 'known': 0, 'full': int(online == 1)}, (told, online)
    assert {line_ for _, line_, _ in words_of()} == {line}
    family.get('flow-flush')
    half_open = [(line, word ^ i << 30) for i in range(8)]
    assert restore(0, half_open) == {'put': min(8, 2 * online), 'expired': 0, 'known': 0,
                                     'full': 8 - min(8, 2 * online)}
    # Their time goes on; what is older than its timeout is not put.
    family.get('flow-flush')
    old = [(line, (word & ~0xff) | age) for age in (14, 15, 16, 17, 255)]
    old = [(line, word_ ^ i << 30) for i, (line, word_) in enumerate(old)]
    told = restore(0, old)
    assert told['expired'] == 2 and told['put'] + told['full'] == 3 and told['put'] >= 2, told
    poll(lambda: not words_of(), 30)
    # One that is wrong, and none is put.
    for wrong in (now_lines := settings()['lines'], word), (line, word | 0xffff << 10):
        assert refused('flow-restore', {'words': {
            'cpu': 0, 'lines': now_lines, 'key-check': settings()['key-check'], 'changes': all_settings()['changes'],
            'line': struct.pack('=II', line, wrong[0]), 'word': struct.pack('=QQ', word, wrong[1])}})
    assert not words_of() and restore(0, []) == {'put': 0, 'expired': 0, 'known': 0, 'full': 0}
    family.get('flow-flush')


def test_preview():
    """A preview tells what then happens, and changes nothing."""
    before = family.dump('service-get'), family.dump('backend-get')
    entries = [{'op': SET, 'backend': backend(1, share=30)}, {'op': SET, 'backend': backend(2, weight=4)},
               {'op': DEL, 'backend': backend(3)}, {'op': ADD, 'backend': backend(9, weight=2)}]
    first, *rows = family.dump('preview', {'service': service(80), 'entry': entries})
    assert first['preview']['n-backends'] == 3 == len(rows) and first['service']['key'] == key(80)
    assert [(r['backend']['addr'], r['backend']['table-weight']) for r in rows] == \
        [('10.0.0.1', 1), ('10.0.0.2', 4), ('10.0.0.9', 2)]
    assert (family.dump('service-get'), family.dump('backend-get')) == before, 'a preview changes something'
    table = offline(80, ['10.0.0.1:80=1,share=30', '10.0.0.2:80=4', '10.0.0.9:80=2'])
    assert f"{first['preview']['live-digest']:016x}" == table['live_digest']
    assert f"{first['preview']['base-digest']:016x}" == table['base_digest']
    old = b''.join(bytes.fromhex(r['table']['live']) for r in family.dump('table-get', {'service': service(80)}))
    set_backend(80, 1, share=30)
    ipvs(f'-e -t {VIP}:80 -r 10.0.0.2 -i --tun-type gre -w 4\n-d -t {VIP}:80 -r 10.0.0.3\n'
         f'-a -t {VIP}:80 -r 10.0.0.9 -i --tun-type gre -w 2\n')
    poll(lambda: get_service(80)['live-digest'] == first['preview']['live-digest'])
    assert get_service(80)['displaced-slots'] == first['preview']['displaced-slots']
    for mine, row in zip(backends_of(80), rows):
        assert all(mine[word] == row['backend'][word] for word in ('addr', 'place', 'state', 'share', 'base-slots',
                                                                   'live-slots', 'table-weight')), (mine, row)
    new = b''.join(bytes.fromhex(r['table']['live']) for r in family.dump('table-get', {'service': service(80)}))
    before, after = (memoryview(table).cast('H').tolist() for table in (old, new))
    # Places 0 and 1 are who they were; 2 is somebody else.
    changed = sum(a != b or a == 2 for a, b in zip(before, after))
    assert first['preview']['slots-changed'] == changed, (first['preview'], changed)
    assert first['preview']['slots-collateral'] == 0
    # One of many goes: some slots move between others, too.
    alone, *_ = family.dump('preview', {'service': service(92), 'entry': [{'op': DEL, 'backend': backend(99, 92)}]})
    assert 0 < alone['preview']['slots-collateral'] < alone['preview']['slots-changed'] < 65537, alone
    same, *_ = family.dump('preview', {'service': service(80)})
    assert same['preview']['slots-changed'] == 0
    bigger, *_ = family.dump('preview', {'service': service(80), 'entry': [
        {'op': SET_SERVICE, 'service': service(80, table_size=131071)}]})
    assert bigger['preview']['slots-changed'] == bigger['preview']['table-size'] == 131071
    set_backend(80, 1, share=100)
    ipvs(f'-e -t {VIP}:80 -r 10.0.0.2 -i --tun-type gre -w 1\n-d -t {VIP}:80 -r 10.0.0.9\n'
         f'-a -t {VIP}:80 -r 10.0.0.3 -i --tun-type gre -w 1\n')
    poll(lambda: [b['addr'] for b in backends_of(80)] == ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
    agree(80, ALL_UP)


def set_settings(**values):
    family.get('settings-set', {'settings': {word.replace('_', '-'): value for word, value in values.items()}})


def test_settings():
    """Settings change one by one, and are told of."""
    listener = Family()
    listener.subscribe()
    before = settings()
    assert before['plane'] == 'kernel' and before['cpus'] == os.cpu_count() and before['hook'] == 1
    set_settings(table_size=257, fwmark_mask=0xff, probe=1, probe_base=0x1000)
    wait_events(listener, ['settings-ntf'])
    after = settings()
    assert {**before, 'table-size': 257, 'fwmark-mask': 0xff, 'probe': 1, 'probe-base': 0x1000} == after, after
    add_service(94, 2)
    assert get_service(94)['table-size'] == 257 and get_service(80)['table-size'] == 65537
    ipvs(f'-D -t {VIP}:94\n')
    assert family.get('explain', tuple_(4242, 80, protocol=6, mark=0x100))['decision']['verdict'] == 0
    assert family.get('explain', tuple_(4242, 80, protocol=6, mark=0x101))['decision']['reason-name'] == 'mark'
    set_settings(table_size=before['table-size'], fwmark_mask=before['fwmark-mask'], probe=0, probe_base=0)
    subprocess.run('ip route add local 10.9.0.0/24 dev lo; ip -6 route add local 2001:db8:9::/64 dev lo', shell=True,
                   check=True)
    set_settings(source4={'addr': '10.9.0.0', 'len': 24}, source6={'addr': '2001:db8:9::', 'len': 64})
    assert settings()['source4'] == {'addr': '10.9.0.0', 'len': 24}
    assert settings()['source6'] == {'addr': '2001:db8:9::', 'len': 64}
    outer = {family.get('explain', tuple_(4000 + i, 80, protocol=6))['decision']['outer']['saddr'] for i in range(9)}
    assert len(outer) > 4 and all(saddr.startswith('10.9.0.') for saddr in outer)
    set_settings(source4={'len': 0}, source6={'len': 0})
    assert settings() == before
    set_settings(hook=0)
    poll(lambda: get_service(80)['left-because'] == 1 and get_service(80)['forwarding'] == 0)
    assert family.get('explain', tuple_(4242, 80, protocol=6))['decision']['reason-name'] == 'not-ours'
    set_settings(hook=2)
    poll(lambda: get_service(80)['forwarding'] == 1)
    assert settings()['hook'] == 2
    set_settings(hook=1)
    assert settings() == before


def test_key():
    """A key changes every table and moves flows, one change at a time; nobody is ever told the key."""
    global cluster_key
    send_udp(31001, 31100, 53)
    poll_is(100, lambda: len(flow_rows()))
    old = {sport: family.get('flow-get', tuple_(sport, 53))['flow'] for sport in range(31001, 31101)}
    listener = Family()
    listener.subscribe()
    set_settings(key=bytes.fromhex(KEY), flows=200000)
    cluster_key = KEY
    told = wait_events(listener, ['settings-ntf'])
    assert KEY not in json.dumps(told) and 'key' not in settings()
    after = settings()
    assert (after['key-is-zero'], after['moving'], after['flows']) == (0, 1, 200000), after
    assert f"{after['key-check']:016x}" == 'b88fb28d06d5efe1'
    poll(lambda: all(r['service'].get('key-check', after['key-check']) == after['key-check']
                     for r in family.dump('service-get')))
    agree(80, ALL_UP)
    assert get_service(80)['warnings'] == 0
    for values in ({'key': bytes(16)}, {'flows': 300000}):
        refusal = refused('settings-set', {'settings': {**values, 'fwmark-mask': 1}})
        seen_texts.add(refusal.text)
        assert refusal.errno == EBUSY and refusal.bad == f'settings.{next(iter(values))}', refusal
    assert settings() == after, 'something of a refused change has been done'
    refusal = refused('flow-save', {}, DUMP)
    seen_texts.add(refusal.text)
    assert refusal.errno == EBUSY and 'save when moving is 0' in refusal.text, refusal
    set_settings(key=bytes.fromhex(KEY), flows=200000)
    rows = flow_rows()
    assert len(rows) == 100 and all(row['old'] == 1 and 'slot' not in row for row in rows)
    for sport in range(31001, 31051):
        row = family.get('flow-get', tuple_(sport, 53))['flow']
        assert row['addr'] == old[sport]['addr'] and row['hash'] == old[sport]['hash']
        told = family.get('explain', tuple_(sport, 53))['decision']
        assert told['chosen']['addr'] == old[sport]['addr'] and told['source'] == 2
    send_udp(31001, 31050, 53)
    poll(lambda: [row['old'] for row in flow_rows()].count(0) == 50)
    for sport in range(31001, 31101):
        assert family.get('flow-get', tuple_(sport, 53))['flow']['addr'] == old[sport]['addr']
    assert family.get('flow-flush')['flows'] == 100
    poll(lambda: not settings()['moving'], 60)
    wait_events(listener, ['settings-ntf'])
    set_settings(flows=0)
    assert settings()['flow-bytes'] == settings()['lines'] == 0
    assert family.get('stats-get')['counters']['capacity'] == 0
    assert not words_of()
    try:
        restore(0, [(0, 1 << 10)])
        raise AssertionError('restored without tables')
    except Refused as refusal:
        seen_texts.add(refusal.text)
        assert refusal.errno == ENOENT and 'there are no flow tables' in refusal.text, refusal
    send_udp(31001, 31010, 53)
    assert not flow_rows() and not counts({'service': UDP})[53, '10.0.0.1']['half-open']
    set_settings(flows=1 << 20)
    assert settings()['flow-bytes'] > 8 << 20 and not settings()['moving']
    send_udp(31001, 31010, 53)
    poll_is(10, lambda: len(flow_rows()))
    family.get('flow-flush')


def test_golden():
    """Under the design's key, its flows have its hashes and slots; IPv6 is no different."""
    told = family.get('explain', tuple_(4242, 80, protocol=6))['decision']
    assert (f"{told['hash']:016x}", told['slot']) == ('a34aed15abdb4053', 41803)
    ipvs(f'-A -u [{VIP6}]:443 -s maglev\n-a -u [{VIP6}]:443 -r [2001:db8::1]:443 -i\n'
         f'-a -u [{VIP6}]:443 -r 10.0.0.1 -i --tun-type gre --tun-csum\n')
    named = {'service': {'key': key(443, 17, VIP6)}}
    poll(lambda: has_placed(named, 2))
    packet = {'protocol': 17, 'saddr': '2001:db8::7', 'daddr': VIP6, 'sport': 4242, 'dport': 443}
    told = family.get('explain', {'tuple': packet})['decision']
    assert (f"{told['hash']:016x}", told['slot']) == ('8761d8791bb892e8', 34658)
    for addr, one, outer in (('2001:db8::1', {'tunnel': 1, 'tunnel-checksum': 0}, {'tunnel': 1, 'overhead': 40}),
                             ('10.0.0.1', {'tunnel': 2, 'tunnel-checksum': 1}, {'tunnel': 2, 'overhead': 28})):
        other = {'10.0.0.1': '2001:db8::1', '2001:db8::1': '10.0.0.1'}[addr]
        family.get('backend-set', {**named, 'backend': {'addr': addr, 'port': 443, 'health-state': UP}})
        family.get('backend-set', {**named, 'backend': {'addr': other, 'port': 443, 'health-state': DOWN}})
        shown = family.get('backend-get', {**named, 'backend': {'addr': addr, 'port': 443}})['backend']
        assert {**shown, **one} == shown
        told = family.get('explain', {'tuple': packet})['decision']
        assert {**told['outer'], **outer, 'daddr': addr} == told['outer'] and told['chosen']['addr'] == addr, told
    ipvs(f'-D -u [{VIP6}]:443\n')


def test_namespaces():
    """What is done in one network namespace is not seen in another."""
    global family
    mine = settings(), family.dump('service-get')
    with In('other'):
        other = Family()
        listener = Family()
    listener.subscribe()
    assert other.dump('service-get') == [] and other.dump('backend-get') == []
    there = other.get('settings-get')['settings']
    assert there['key-is-zero'] == 1 and there['flow-bytes'] == 0
    other.get('settings-set', {'settings': {'key': bytes(range(1, 17)), 'table-size': 251}})
    assert (settings(), family.dump('service-get')) == mine
    with In('other'):
        add_service(80, 2)
    found = other.dump('service-get')
    assert [s['service']['key'] for s in found] == [key(80)] and found[0]['service']['table-size'] == 251
    set_backend(80, 1, share=70)
    set_backend(80, 1, share=100)
    names = [name for name, _ in listener.events(1)]
    assert names[:3] == ['settings-ntf', 'service-add-ntf', 'backend-add-ntf'], names
    with In('other'):
        ipvs(f'-D -t {VIP}:80\n')
    assert [s for s in other.dump('service-get')] == []


def test_unprivileged():
    """Everybody may read; changes and flows are the administrator's."""
    reads = [('service-get', {'service': service(80)}, ACK), ('service-get', {}, DUMP), ('backend-get', {}, DUMP),
             ('backend-get', {'service': service(80), 'backend': backend(1)}, ACK),
             ('table-get', {'service': service(80)}, DUMP),
             ('settings-get', {}, ACK), ('stats-get', {}, ACK)]
    others = [('service-set', {'service': service(80)}, ACK), ('service-add', {'service': service(99)}, ACK),
              ('service-del', {'service': service(80)}, ACK), ('backend-set', {}, ACK), ('backend-add', {}, ACK),
              ('backend-del', {}, ACK), ('batch', {}, ACK), ('flow-get', tuple_(1, 53), ACK), ('flow-get', {}, DUMP),
              ('flow-count', {}, DUMP), ('flow-save', {}, DUMP), ('flow-restore', {}, ACK),
              ('explain', tuple_(1, 53), ACK), ('flow-flush', {}, ACK), ('preview', {'service': service(80)}, DUMP),
              ('settings-set', {'settings': {'table-size': 251}}, ACK)]
    child = os.fork()
    if not child:
        status = 1
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            nobody = Family()
            for command, request, flags in reads:
                assert nobody.call(command, request, flags)
            for command, request, flags in others:
                try:
                    nobody.call(command, request, flags)
                    raise AssertionError(f'{command} is open to everybody')
                except Refused as refusal:
                    assert refusal.errno in (EPERM, EACCES), (command, refusal)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


# What only the lack of memory, a race or very many backends bring about.
UNREACHED = {
    'more backends than a service can have',
    'more backends than the table has slots: nothing has changed',
    'the table cannot be built for lack of memory: nothing has changed',
    'no memory for flow tables of this size',
    'no memory for the hooks of packets',
}


def texts_of_sources():
    texts = set()
    where = os.path.join(TOP, 'kmod')
    for name in sorted(os.listdir(where)):
        if re.match(r'(netlink.*|preview)\.c$', name):
            with open(os.path.join(where, name), encoding='utf-8') as file:
                texts |= set(re.findall(r'SET_ERR_MSG\w*\([^"]*"([^"]*)"\)', file.read()))
    return texts


def test_refusals():
    """Every refusal says why and points at the attribute; nothing is changed by any of them."""
    add_service(95, 252)
    set_settings(table_size=251)
    add_service(96, 251)
    set_settings(table_size=65537)
    ipvs(f'-a -t {VIP}:96 -r {backend(252)["addr"]} -i --tun-type gre -w 0\n')
    add_service(97, 1, 'u')
    add_service(98, 0)
    poll(lambda: get_service(97, 17)['forwarding'] == 1 and get_service(96)['n-backends'] == 252)
    send_udp(32001, 32010, 97)
    poll_is(10, lambda: len(flow_rows({'service': {'key': key(97, 17)}})))
    # Taken over by another scheduler, it stays for these flows.
    ipvs(f'-E -u {VIP}:97 -s rr\n')
    poll(lambda: get_service(97, 17)['forwarding'] == 2)
    time.sleep(2)
    before = family.dump('service-get'), family.dump('backend-get'), settings()
    # Up to 6.1 what a dump is refused for is told by its end, which cannot point at attributes.
    told_late = texts_of_sources() if os.uname().release.startswith('6.1.') else ()
    n = 0
    for command, flags, request, errno, text, bad in refusals(all_settings()):
        refusal = refused(command, request, flags)
        at = f'{command} {request}: {refusal}'
        assert refusal.errno == errno, at
        assert (text is None) == (refusal.text is None) or text is None, at
        assert text is None or text in refusal.text, at
        assert refusal.bad == bad or (flags == DUMP and refusal.text in told_late), at
        seen_texts.add(refusal.text)
        n += 1
    after = family.dump('service-get'), family.dump('backend-get'), settings()
    for was, is_ in zip(without_clocks(before), without_clocks(after)):
        assert was == is_, ('a refused request has changed something', [pair for pair in zip(was, is_)
                                                                        if pair[0] != pair[1]])
    ipvs(f'-D -t {VIP}:95\n-D -t {VIP}:96\n-D -u {VIP}:97\n-D -t {VIP}:98\n')
    return f'{n} refusals'


def without_clocks(value):
    if isinstance(value, dict):
        return {k: without_clocks(v) for k, v in value.items() if k not in ('deadline-ms', 'flows')}
    if isinstance(value, (list, tuple)):
        return [without_clocks(v) for v in value]
    return value


def test_all_texts():
    """The walk over refusals has left none out."""
    texts = texts_of_sources()
    assert len(texts) > 40, texts
    assert UNREACHED <= texts
    assert texts - UNREACHED <= seen_texts, texts - UNREACHED - seen_texts


def noise(depth=0):
    """A random attribute, mostly well-formed, sometimes with a nest."""
    number = random.choice((random.randrange(1, 24), random.randrange(1 << 14)))
    if depth < 4 and random.random() < 0.6:
        return attr(number | NESTED, b''.join(noise(depth + 1) for _ in range(random.randrange(4))))
    return attr(number | random.choice((0, 0, 0, 0x4000, NESTED)), os.urandom(random.choice((0, 1, 2, 4, 4, 4, 8, 16,
                                                                                            random.randrange(40)))))


def damaged(request):
    data = bytearray(encode(request))
    for _ in range(random.randrange(1, 5)):
        if data:
            data[random.randrange(len(data))] = random.choice((0, 1, 0xff, random.randrange(256)))
    return bytes(data[:random.randrange(len(data) + 1)] if random.random() < 0.2 else data)


def test_garbage():
    """Thousands of messages of random and of damaged attributes break nothing."""
    global family
    mine = family
    with In('other'):
        add_service(80, 3)
        add_service(81, 0)
        add_service(53, 2, 'u')
        family = Family()
    valid = [(command, flags, request) for command, flags, request, *_ in refusals(all_settings())
             if isinstance(request, dict)]
    valid += [('service-set', ACK, {'service': service(80, table_size=251, mode_set=1, timeouts={'reset': 7})}),
              ('backend-set', ACK, {'service': service(80), 'backend': backend(1, admin_state=1, share=9)}),
              ('explain', ACK, tuple_(7, 53)), ('settings-set', ACK, {'settings': {'fwmark-mask': 3, 'hook': 1}}),
              ('preview', DUMP, {'service': service(80), 'entry': [{'op': DEL, 'backend': backend(1)}]})] * 10
    taken = refused_ = 0
    for i in range(6000):
        if i % 2:
            command, flags, request = random.choice(valid)
            data = damaged(request)
        else:
            command, flags = random.choice(list(COMMAND)), random.choice((ACK, DUMP))
            data = b''.join(noise() for _ in range(random.randrange(4)))
        try:
            family.call(command, data, flags)
            taken += 1
        except Refused:
            refused_ += 1
    assert len(family.dump('service-get')) == 3 and settings()['plane'] == 'kernel'
    with In('other'):
        ipvs(f'-D -t {VIP}:80\n-D -t {VIP}:81\n-D -u {VIP}:53\n')
    poll(lambda: not family.dump('service-get'))
    family = mine
    return f'{refused_} refused, {taken} taken'


TESTS = (test_abi_numbers, test_reading, test_left_to_ipvs, test_overlay, test_nothing_changes, test_events,
         test_batch, test_long_messages, test_dumps, test_table, test_table_size, test_preview, test_settings,
         test_flows, test_save_and_restore, test_key, test_golden, test_namespaces, test_unprivileged, test_refusals,
         test_all_texts, test_garbage)


def main():
    add_service(80, 3)
    add_service(53, 2, 'u')
    add_service(81, 0)
    poll(lambda: has_placed({'service': {'key': key(80)}}, 3) and has_placed({'service': {'key': key(53, 17)}}, 2))
    failed = []
    for test in TESTS:
        started = time.monotonic()
        try:
            said = test()
        except (AssertionError, Refused):
            traceback.print_exc()
            failed.append(test.__name__[5:])
            continue
        print(f"ok {test.__name__[5:]}{': ' + said if said else ''} ({time.monotonic() - started:.1f} s)", flush=True)
    ipvs('-C\n')
    sys.exit(f"failed: {' '.join(failed)}" if failed else 0)


seen_texts = set()
cluster_key = '0' * 32
family = Family()
main()

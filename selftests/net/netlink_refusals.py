# SPDX-License-Identifier: GPL-2.0-only
"""What netlink_cases.py calls services, backends and packets, and every request that the family refuses."""
from errno import EADDRNOTAVAIL, EBUSY, E2BIG, EEXIST, EINVAL, ENOENT, EOPNOTSUPP, ERANGE, ESTALE

from netlink import ACK, DUMP, attr, encode

VIP, VIP6, CLIENT = '192.0.2.10', '2001:db8:1::10', '198.51.100.7'
UP, DRAIN, DOWN = 0, 1, 2
SET_SERVICE, ADD_SERVICE, DEL_SERVICE, SET, ADD, DEL = range(1, 7)
HALF_OPEN, ESTABLISHED, CLOSING, RESET = range(4)


def key(port, protocol=6, addr=VIP):
    return {'af': 10 if ':' in addr else 2, 'protocol': protocol, 'addr': addr, 'port': port}


def service(port, **values):
    return {'key': key(port), **{word.replace('_', '-'): value for word, value in values.items()}}


def backend(i, port=80, **values):
    """Those reached by a tunnel have the service's port, whatever ipvsadm is told."""
    return {'addr': f'10.0.{i >> 8}.{i & 255}', 'port': port,
            **{word.replace('_', '-'): value for word, value in values.items()}}


def tuple_(sport, port, **values):
    return {'tuple': {'protocol': 17, 'saddr': CLIENT, 'daddr': VIP, 'sport': sport, 'dport': port, **values}}


def refusals(now):
    """(command, flags, request, errno, part of the text, attribute pointed at) of all there are; with these settings."""
    one, other = {'service': service(80), 'backend': backend(1)}, 'created through IPVS'
    bare = {'af': 2, 'protocol': 6, 'addr': VIP, 'port': 80}
    tcp = tuple_(1, 80, protocol=6)['tuple']

    def named(key_):
        return {'service': {'key': key_}}

    def less(word):
        return {k: v for k, v in bare.items() if k != word}

    def entry(**values):
        return {'entry': [{k: v for k, v in {'op': SET, 'service': service(80), 'backend': backend(1), **values}.items()
                           if v is not None}]}

    def ask(**values):
        return {'service': service(80), **entry(service=None, **values)}

    def tuple_without(word):
        return {'tuple': {k: v for k, v in tcp.items() if k != word}}

    def asked(**values):
        return {'tuple': {**tcp, **values}}

    def wanted(**values):
        return {'settings': {word.replace('_', '-'): value for word, value in values.items()}}

    def words(**values):
        one_ = {'cpu': 0, 'lines': now['lines'], 'key_check': now['key-check'], 'changes': now['changes'],
                'line': bytes(4), 'word': bytes(8), **values}
        return {'words': {word.replace('_', '-'): value for word, value in one_.items() if value is not None}}

    yield 'service-get', ACK, {}, EINVAL, 'a service must be named', None
    yield 'service-get', ACK, {'service': {}}, EINVAL, 'a service must be named by its key', 'service'
    yield 'service-get', ACK, named(less('af')), EINVAL, "a service's name needs af", 'service.key'
    for word in 'protocol', 'addr', 'port':
        yield ('service-get', ACK, named(less(word)), EINVAL,
               "a service's name needs protocol, address and port, or a firewall mark", 'service.key')
    yield 'service-get', ACK, named({**bare, 'af': 7}), EINVAL, 'af is AF_INET or AF_INET6', 'service.key.af'
    yield 'service-get', ACK, named({**bare, 'protocol': 256}), ERANGE, 'range', 'service.key.protocol'
    for addr in VIP6, bytes(5):
        yield ('service-get', ACK, named({**bare, 'addr': addr}), EINVAL,
               'an address of af AF_INET is 4 bytes, of AF_INET6 16', 'service.key.addr')
    yield 'service-get', ACK, named({**bare, 'addr': bytes(17)}), ERANGE, 'out of range', 'service.key.addr'
    yield 'service-get', ACK, named({**bare, 'addr': bytes(3)}), ERANGE, 'out of range', 'service.key.addr'
    yield ('service-get', ACK, named({**bare, 'fwmark': 7}), EINVAL,
           'a service has a firewall mark, or protocol, address and port', 'service.key.fwmark')
    yield ('service-get', ACK, named({'af': 2, 'fwmark': 0}), EINVAL, "a service's firewall mark is not 0",
           'service.key.fwmark')
    yield ('service-get', ACK, named({**bare, 'port': 9}), ENOENT,
           'no service of this name uses the scheduler maglev', 'service')
    yield 'service-get', DUMP, {'service': service(80)}, EINVAL, 'a dump lists all services', 'service'
    yield 'service-get', ACK, {'service': service(80, id=1)}, EINVAL, 'attribute', 'service.id'
    yield 'service-get', ACK, {'seq': 1}, EINVAL, 'attribute', 'seq'
    yield 'service-get', ACK, attr(1, encode(service(80), 'service')), EINVAL, 'NLA_F_NESTED is missing', 'service'
    yield 'settings-get', ACK, {'service': service(80)}, EINVAL, 'attribute', 'service'
    yield 'stats-get', ACK, {'settings': {}}, EINVAL, 'attribute', 'settings'
    for size in 250, 1048574:
        yield 'service-set', ACK, {'service': service(80, table_size=size)}, ERANGE, 'range', 'service.table-size'
    yield ('service-set', ACK, {'service': service(80, table_size=65536)}, EINVAL,
           'table-size: a prime from 251 to 1048573 is needed', 'service.table-size')
    yield 'service-set', ACK, {'service': service(80, mode_set=3)}, ERANGE, 'range', 'service.mode-set'
    for word, seconds in ('half-open', 0), ('half-open', 901), ('established', 7201), ('closing', 901), ('reset', 901):
        yield ('service-set', ACK, {'service': service(80, timeouts={word: seconds})}, ERANGE, 'range',
               f'service.timeouts.{word}')
    yield 'service-set', ACK, {'service': service(80, fragments=2)}, ERANGE, 'range', 'service.fragments'
    yield ('service-set', ACK, {'service': service(80, fragments=0)}, EOPNOTSUPP,
           'fragments: the kernel puts them together', 'service.fragments')
    yield 'service-set', ACK, {'service': service(80, forwarding=1)}, EINVAL, 'attribute', 'service.forwarding'
    yield 'service-set', ACK, {'service': service(99)}, ENOENT, 'no service of this name', 'service'
    yield ('service-set', ACK, {'service': service(95, table_size=251)}, E2BIG,
           'table-size: the service has more backends than that', 'service.table-size')
    yield ('service-set', ACK, named(key(97, 17)), EBUSY,
           'another scheduler has this service: only its flows are still here', 'service')
    for command in 'service-add', 'service-del', 'backend-add', 'backend-del':
        yield command, ACK, {'service': service(80)}, EOPNOTSUPP, other, None
    yield 'backend-get', ACK, {'service': service(80)}, EINVAL, 'a backend must be named', None
    yield 'backend-get', ACK, {'backend': backend(1)}, EINVAL, 'a service must be named', None
    yield 'backend-get', DUMP, one, EINVAL, 'a dump lists all backends', 'backend'
    yield 'backend-get', DUMP, {'service': service(99)}, ENOENT, 'no service of this name', 'service'
    for named_ in {'port': 80}, {'addr': '10.0.0.1'}:
        yield ('backend-get', ACK, {'service': service(80), 'backend': named_}, EINVAL,
               "a backend's name needs address and port", 'backend')
    yield ('backend-get', ACK, {'service': service(80), 'backend': {'addr': bytes(5), 'port': 80}}, EINVAL,
           'an address is 4 or 16 bytes', 'backend.addr')
    yield ('backend-get', ACK, {'service': service(80), 'backend': {'addr': '::ffff:10.0.0.1', 'port': 80}}, EINVAL,
           'IPv4 written as IPv6 (::ffff:a.b.c.d): give its 4 bytes', 'backend.addr')
    yield ('backend-get', ACK, {'service': service(80), 'backend': backend(9)}, ENOENT,
           'the service has no backend of this name', 'backend')
    for word, value in ('weight', 1), ('method', 2), ('tunnel', 2), ('tunnel-checksum', 1):
        yield ('backend-set', ACK, {'service': service(80), 'backend': backend(1, **{word: value})}, EOPNOTSUPP,
               'weight, method and tunnel are changed through IPVS (ipvsadm)', f'backend.{word}')
    for word, value in (('admin-state', 3), ('health-state', 3), ('share', 101), ('nominal-weight', 1 << 31),
                        ('deadline-ms', 1 << 31)):
        yield ('backend-set', ACK, {'service': service(80), 'backend': backend(1, **{word: value})}, ERANGE, 'range',
               f'backend.{word}')
    for word in 'state', 'ipvs-state', 'index', 'place', 'flows', 'overloaded':
        yield ('backend-set', ACK, {'service': service(80), 'backend': backend(1, **{word: 0})}, EINVAL,
               'attribute', f'backend.{word}')
    for values in {'deadline_ms': 5}, {'deadline_ms': 0}, {'deadline_ms': 5, 'admin_state': DOWN}:
        yield ('backend-set', ACK, {'service': service(80), 'backend': backend(1, **values)}, EINVAL,
               'deadline-ms goes with admin-state drain', 'backend.deadline-ms')
    yield ('backend-set', ACK, {'service': service(96), 'backend': backend(252, 96, nominal_weight=1)}, E2BIG,
           "nominal-weight: the service's table has fewer slots than there are backends", 'backend.nominal-weight')
    yield 'backend-set', ACK, {'service': service(80), 'backend': backend(9)}, ENOENT, 'no backend of this', 'backend'
    yield 'batch', ACK, entry(op=None), EINVAL, 'an entry needs op', 'entry'
    yield 'batch', ACK, entry(service=None), EINVAL, 'an entry needs the service it is about', 'entry'
    yield 'batch', ACK, entry(backend=None), EINVAL, 'an entry needs the backend it is about', 'entry'
    for op in ADD_SERVICE, DEL_SERVICE, ADD, DEL:
        yield 'batch', ACK, entry(op=op), EOPNOTSUPP, other, 'entry.op'
    for op in 0, 7:
        yield 'batch', ACK, entry(op=op), ERANGE, 'range', 'entry.op'
    yield 'batch', ACK, entry(backend=backend(1, weight=1)), EOPNOTSUPP, 'through IPVS', 'entry.backend.weight'
    yield 'batch', ACK, entry(service=service(99)), ENOENT, 'no service of this name', 'entry.service'
    yield ('batch', ACK, entry(op=SET_SERVICE, service=service(95, table_size=251), backend=None), E2BIG,
           'more backends than that', 'entry.service.table-size')
    yield 'batch', ACK, {'service': service(80)}, EINVAL, 'attribute', 'service'
    yield 'table-get', DUMP, {}, EINVAL, 'a service must be named', None
    yield 'table-get', DUMP, {'service': service(99)}, ENOENT, 'no service of this name', 'service'
    yield 'table-get', DUMP, {'service': service(98)}, ENOENT, 'the service has no table yet', 'service'
    yield 'table-get', ACK, {'service': service(80)}, EOPNOTSUPP, None, None
    yield 'flow-get', ACK, {}, EINVAL, 'a tuple must be given', None
    for word in 'protocol', 'saddr', 'daddr', 'sport', 'dport':
        yield ('explain', ACK, tuple_without(word), EINVAL, 'a tuple needs protocol, saddr, daddr, sport and dport',
               'tuple')
    yield 'explain', ACK, asked(saddr=VIP6), EINVAL, 'saddr and daddr are of the same family', 'tuple.daddr'
    yield ('explain', ACK, asked(saddr=bytes(7), daddr=bytes(7)), EINVAL, 'an address is 4 or 16 bytes',
           'tuple.saddr')
    yield ('explain', ACK, asked(saddr=VIP6, daddr='::ffff:192.0.2.10'), EINVAL, 'IPv4 written as IPv6',
           'tuple.daddr')
    yield 'explain', ACK, asked(flags=32), EINVAL, 'reserved bit set', 'tuple.flags'
    yield 'explain', ACK, asked(length=65536), ERANGE, 'range', 'tuple.length'
    for command in 'explain', 'flow-get':
        yield (command, ACK, asked(dport=9), ENOENT,
               'no service with this address and port uses the scheduler maglev', 'tuple')
    yield 'flow-get', ACK, asked(sport=9), ENOENT, 'this flow is not tracked', 'tuple'
    yield 'flow-get', DUMP, {'tuple': tcp}, EINVAL, 'a dump lists all flows', 'tuple'
    yield 'flow-get', DUMP, {'flow': {'state': 4}}, ERANGE, 'range', 'flow.state'
    yield 'flow-get', DUMP, {'flow': {'slot': 4}}, EINVAL, None, 'flow.slot'
    for command, flags in ('flow-get', DUMP), ('flow-count', DUMP), ('flow-flush', ACK):
        yield command, flags, {'backend': backend(1)}, EINVAL, 'a service must be named', None
        yield command, flags, {'service': service(99)}, ENOENT, 'no service of this name', 'service'
        yield command, flags, {'service': service(80), 'backend': backend(9)}, ENOENT, 'no backend of', 'backend'
    yield 'preview', DUMP, {}, EINVAL, 'a service must be named', None
    yield 'preview', DUMP, {'service': service(99)}, ENOENT, 'no service of this name', 'service'
    for op in ADD_SERVICE, DEL_SERVICE:
        yield 'preview', DUMP, ask(op=op), EINVAL, 'a preview is of one service that there is', 'entry.op'
    yield 'preview', DUMP, ask(op=SET_SERVICE), EINVAL, 'an entry needs the service', 'entry'
    yield ('preview', DUMP, {'service': service(80), **entry(service=service(91))}, EINVAL,
           'the entries of a preview are about the service it names', 'entry.service')
    yield ('preview', DUMP, ask(op=ADD), EEXIST, 'the service has this backend already', 'entry.backend')
    for op in SET, DEL:
        yield ('preview', DUMP, ask(op=op, backend=backend(9)), ENOENT, 'the service has no backend of this name',
               'entry.backend')
    yield ('preview', DUMP, {'service': service(95), **entry(op=SET_SERVICE, service=service(95, table_size=251))},
           E2BIG, 'there would be more backends than the table has slots', None)
    yield 'flow-save', DUMP, {'service': service(80)}, EINVAL, 'attribute', 'service'
    yield 'flow-restore', ACK, {}, EINVAL, 'words must be given', None
    for word in 'cpu', 'lines', 'key-check', 'changes', 'line', 'word':
        yield ('flow-restore', ACK, words(**{word.replace('-', '_'): None}), EINVAL,
               'words need cpu, lines, key-check, changes, line and word', 'words')
    yield 'flow-restore', ACK, words(word=bytes(9)), EINVAL, 'word: at most 4096 of 8 bytes each', 'words.word'
    yield ('flow-restore', ACK, words(line=bytes(4 * 4097), word=bytes(8 * 4097)), EINVAL,
           'word: at most 4096 of 8 bytes each', 'words.word')
    for length in 0, 3, 5, 8:
        yield 'flow-restore', ACK, words(line=bytes(length)), EINVAL, 'line: 4 bytes for each word', 'words.line'
    yield 'flow-restore', ACK, words(key_check=1), EINVAL, 'key-check: the flow tables are under', 'words.key-check'
    yield 'flow-restore', ACK, words(lines=1), EINVAL, 'lines: the flow tables have another', 'words.lines'
    yield ('flow-restore', ACK, words(changes=now['changes'] - 1), ESTALE, 'changes: services or backends came or went',
           'words.changes')
    yield ('flow-restore', ACK, words(line=now['lines'].to_bytes(4, 'little')), EINVAL, 'line: each is less than lines',
           'words.line')
    for index in 0, 0xffff:
        yield ('flow-restore', ACK, words(word=(index << 10).to_bytes(8, 'little')), ENOENT,
               'word: one has an index that no backend has', 'words.word')
    yield 'settings-set', ACK, {}, EINVAL, 'settings must be given', None
    yield 'settings-set', ACK, wanted(key=bytes(15)), ERANGE, 'out of range', 'settings.key'
    yield 'settings-set', ACK, wanted(key_check=1), EINVAL, 'attribute', 'settings.key-check'
    yield 'settings-set', ACK, wanted(table_size=65536), EINVAL, 'a prime from 251', 'settings.table-size'
    yield 'settings-set', ACK, wanted(flows=(1 << 28) + 1), ERANGE, 'range', 'settings.flows'
    yield 'settings-set', ACK, wanted(probe=2), ERANGE, 'range', 'settings.probe'
    for changes in {'probe': 1}, {'probe': 1, 'probe-base': 0xffff0001}:
        yield ('settings-set', ACK, {'settings': changes}, EINVAL,
               'probes need a probe-base from 1 to 4294901760: mark 0 is no mark', f'settings.{list(changes)[-1]}')
    yield 'settings-set', ACK, wanted(rebuild_delay_ms=10001), ERANGE, 'range', 'settings.rebuild-delay-ms'
    yield ('settings-set', ACK, wanted(rebuild_delay_ms=10), EOPNOTSUPP,
           'rebuild-delay-ms holds for the whole host: set it in the first network namespace',
           'settings.rebuild-delay-ms')
    yield 'settings-set', ACK, wanted(hook=3), ERANGE, 'range', 'settings.hook'
    yield 'settings-set', ACK, wanted(source4={}), EINVAL, 'a prefix needs len; 0 is no prefix', 'settings.source4'
    yield ('settings-set', ACK, wanted(source4={'len': 24}), EINVAL, 'a prefix needs addr, unless len is 0',
           'settings.source4')
    yield ('settings-set', ACK, wanted(source4={'addr': VIP, 'len': 33}), EINVAL,
           'len is at most 32 for IPv4 and 128 for IPv6', 'settings.source4.len')
    yield 'settings-set', ACK, wanted(source6={'addr': VIP6, 'len': 129}), ERANGE, 'range', 'settings.source6.len'
    yield ('settings-set', ACK, wanted(source6={'addr': VIP, 'len': 24}), EINVAL,
           'addr of source4 is 4 bytes, of source6 16', 'settings.source6.addr')
    for source, addr, length in ('source4', '10.9.0.1', 24), ('source6', VIP6, 64), ('source4', '10.9.1.0', 23):
        yield ('settings-set', ACK, {'settings': {source: {'addr': addr, 'len': length}}}, EINVAL,
               'bits of addr behind len must be 0', f'settings.{source}.addr')
    for source, addr, length in (('source4', '10.77.0.0', 24), ('source6', '2001:db8:77::', 64),
                                 ('source4', VIP, 31)):
        yield ('settings-set', ACK, {'settings': {source: {'addr': addr, 'len': length}}}, EADDRNOTAVAIL,
               'not all of these addresses are local here', f'settings.{source}')

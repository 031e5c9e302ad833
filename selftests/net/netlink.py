#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""netlink.py get|dump COMMAND [JSON] | listen READY FILE: speak the family maglev, with nothing but python's own modules.

COMMAND and the keys of JSON are the words of Documentation/netlink/specs/maglev.yaml; addresses are text, other bytes hex
digits. Replies are JSON, a line each. "listen" writes events to FILE, a line each, until it is killed; READY is created
when it hears. Exit status 1: the kernel refused, and why is on stderr. As a module it is what netlink_cases.py uses.
"""
import ipaddress
import json
import os
import socket
import struct
import sys

# The attributes of each set, in their order, as in the spec. What is not a number is bytes or another set.
SETS = {
    'service-key': 'af:u16 protocol:u16 addr:addr port:be16 fwmark:u32',
    'timeouts': 'half-open:u32 established:u32 closing:u32 reset:u32',
    'stats': 'flows-new:u64 packets:u64 segments:u64 bytes:u64 flows-answered:u64 flows-reset:u64 unreachable:u64 pad:pad',
    'service': 'key:service-key id:u32 table-size:u32 mode:u32 mode-set:u32 timeouts:timeouts forwarding:u32 '
               'left-because:u32 generation:u64 base-digest:u64 live-digest:u64 key-check:u64 n-backends:u32 '
               'displaced-slots:u32 error:u32 error-text:str warnings:u32 build-us:u32 flows:u32 stats:stats '
               'scheduler:str pad:pad fragments:u32',
    'backend': 'addr:addr port:be16 index:u32 place:u32 state:u32 ipvs-state:u32 admin-state:u32 health-state:u32 '
               'weight:u32 nominal-weight:u32 table-weight:u32 share:u32 deadline-ms:u32 base-slots:u32 '
               'live-slots:u32 flows:u32 method:u32 tunnel:u32 tunnel-checksum:u32 overloaded:u32 stats:stats '
               'drained:u32',
    'entry': 'op:u32 service:service backend:backend',
    'flow': 'cpu:u32 line:u32 hash:u64 service-id:u32 key:service-key index:u32 addr:addr port:be16 state:u32 '
            'age:u32 slot:u32 old:u32 pad:pad',
    'flow-count': 'half-open:u32 established:u32 closing:u32 reset:u32',
    'tuple': 'protocol:u16 saddr:addr daddr:addr sport:be16 dport:be16 flags:u32 mark:u32 length:u32',
    'outer': 'tunnel:u32 saddr:addr daddr:addr overhead:u32 mtu:u32 ifindex:u32 gateway:addr',
    'decision': 'verdict:u32 reason:u32 reason-name:str reason-text:str hash:u64 slot:u32 source:u32 track:u32 '
                'base-owner:backend live-answer:backend chosen:backend flow:flow outer:outer pad:pad',
    'preview': 'table-size:u32 n-backends:u32 base-digest:u64 live-digest:u64 slots-changed:u32 '
               'slots-collateral:u32 flows-moved:u32 flows-lost:u32 displaced-slots:u32 warnings:u32 pad:pad',
    'table': 'first-slot:u32 live:bin base:bin generation:u64 table-size:u32 pad:pad',
    'prefix': 'addr:addr len:u32',
    'settings': 'key:bin key-check:u64 key-is-zero:u32 table-size:u32 flows:u32 flow-bytes:u64 moving:u32 '
                'fwmark-mask:u32 source4:prefix source6:prefix probe:u32 probe-base:u32 rebuild-delay-ms:u32 '
                'hook:u32 replace-mh:u32 cpus:u32 version:str plane:str pad:pad '
                'lines:u32 changes:u32',
    'reason-count': 'reason:u32 name:str verdict:u32 count:u64 text:str pad:pad',
    'counters': 'forwarded:u64 segments:u64 bytes:u64 flows-new:u64 adopted:u64 outside:u64 evicted:u64 '
                'untracked-full:u64 untracked-busy:u64 foreign-lines:u64 errors:u64 probes:u64 gap:u64 flows:u32 '
                'capacity:u32 published:u64 build-errors:u64 pad:pad early:u64',
    'words': 'cpu:u32 lines:u32 key-check:u64 changes:u32 line:bin word:bin pad:pad',
    'restored': 'put:u32 expired:u32 known:u32 full:u32',
    'maglev': 'service:service backend:backend entry:entry flow:flow flow-count:flow-count tuple:tuple '
              'decision:decision preview:preview table:table settings:settings counters:counters '
              'reason:reason-count seq:u32 cause:u32 old-state:u32 flows:u32 words:words restored:restored',
}
SETS = {name: [word.split(':') for word in words.split()] for name, words in SETS.items()}
NUMBERS = {name: {word: (i, kind) for i, (word, kind) in enumerate(words, 1)} for name, words in SETS.items()}
COMMANDS = ('service-get service-set service-add service-del backend-get backend-set backend-add backend-del batch '
            'table-get flow-get flow-count flow-flush explain preview settings-get settings-set stats-get '
            'service-add-ntf service-del-ntf backend-add-ntf backend-del-ntf state-ntf publish-ntf degraded-ntf '
            'drained-ntf pressure-ntf settings-ntf flow-save flow-restore').split()
COMMAND = {word: i for i, word in enumerate(COMMANDS, 1)}
INTEGERS = {'u16': '=H', 'be16': '>H', 'u32': '=I', 'u64': '=Q'}
SEVERAL = ('entry', 'reason')

NESTED = 0x8000
NETLINK_GENERIC = 16
REQUEST, ACK, DUMP, INTERRUPTED = 1, 4, 0x300, 0x10
GENL_ID_CTRL, ERROR, DONE = 16, 2, 3
SOL_NETLINK, ADD_MEMBERSHIP, CAP_ACK, EXT_ACK = 270, 1, 10, 11
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33


def attr(number, payload):
    head = struct.pack('=HH', 4 + len(payload), number)
    return head + payload + bytes(-len(payload) % 4)


def encode_value(kind, value):
    if kind in INTEGERS:
        return struct.pack(INTEGERS[kind], value)
    if isinstance(value, bytes):
        return value
    if kind == 'addr':
        return ipaddress.ip_address(value).packed
    return bytes.fromhex(value) if kind == 'bin' else value.encode() + b'\0'


def encode(value, name='maglev'):
    """A dict, or a list of (word, value) where order or repetition matters, as attributes. Bytes stay as they are."""
    if isinstance(value, bytes):
        return value
    out = b''
    for word, item in value.items() if isinstance(value, dict) else value:
        number, kind = NUMBERS[name][word]
        for one in item if word in SEVERAL and isinstance(item, list) else [item]:
            if kind in NUMBERS:
                out += attr(number | NESTED, encode(one, kind))
            else:
                out += attr(number, encode_value(kind, one))
    return out


def attributes(data):
    """(offset, number without flags, payload) of each attribute."""
    at = 0
    while at + 4 <= len(data):
        size, number = struct.unpack_from('=HH', data, at)
        assert 4 <= size <= len(data) - at, 'broken attribute'
        yield at, number & 0x3fff, data[at + 4:at + size]
        at += (size + 3) & ~3


def decode_value(kind, payload):
    if kind in INTEGERS:
        return struct.unpack(INTEGERS[kind], payload)[0]
    if kind == 'addr':
        return str(ipaddress.ip_address(payload))
    return payload.hex() if kind == 'bin' else payload.rstrip(b'\0').decode()


def decode(data, name='maglev'):
    value = {}
    for _, number, payload in attributes(data):
        assert 1 <= number <= len(SETS[name]), f'{name}: unknown attribute {number}'
        word, kind = SETS[name][number - 1]
        if kind == 'pad':
            continue
        item = decode(payload, kind) if kind in SETS else decode_value(kind, payload)
        if name == 'maglev' and word in SEVERAL:
            value.setdefault(word, []).append(item)
        else:
            assert word not in value, f'{name}: {word} twice'
            value[word] = item
    return value


def path_of(data, offset, name='maglev'):
    """The words down to the attribute that stands at this offset of the message's attributes."""
    for at, number, payload in attributes(data):
        word, kind = SETS[name][number - 1] if number <= len(SETS[name]) else (str(number), None)
        if at == offset:
            return word
        if at < offset < at + 4 + len(payload) and kind in SETS:
            return f'{word}.{path_of(payload, offset - at - 4, kind)}'
    return f'+{offset}'


class Refused(Exception):
    """errno, the kernel's sentence, the attribute it points at, and the one it misses."""
    def __init__(self, errno, text, bad, missing):
        super().__init__(f'{os.strerror(errno)}: {text} [{bad}]')
        self.errno, self.text, self.bad, self.missing = errno, text, bad, missing


class Family:
    def __init__(self):
        self.seq = 0
        self.interrupted = False
        self.socket = self.open()
        self.id, self.group = 0, None
        self.find()

    @staticmethod
    def open():
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        sock.bind((0, 0))
        sock.settimeout(60)
        sock.setsockopt(SOL_NETLINK, CAP_ACK, 1)
        sock.setsockopt(SOL_NETLINK, EXT_ACK, 1)
        for option in SO_SNDBUFFORCE, SO_RCVBUFFORCE:
            try:
                sock.setsockopt(socket.SOL_SOCKET, option, 20 << 20)
            except PermissionError:
                pass
        return sock

    def find(self):
        for kind, _, body in self.exchange(GENL_ID_CTRL, 3, attr(2, b'maglev\0'), ACK):
            assert kind == GENL_ID_CTRL
            for _, number, payload in attributes(body[4:]):
                if number == 1:
                    self.id = struct.unpack('=H', payload)[0]
                if number == 7:
                    for _, _, group in attributes(payload):
                        found = {n: p for _, n, p in attributes(group)}
                        assert found[1] == b'events\0'
                        self.group = struct.unpack('=I', found[2])[0]

    def send(self, kind, command, payload, flags):
        self.seq += 1
        body = struct.pack('=BBH', command, 1, 0) + payload
        self.socket.send(struct.pack('=IHHII', 16 + len(body), kind, REQUEST | flags, self.seq, 0) + body)

    @staticmethod
    def messages(data):
        while data:
            size, kind, flags, seq, _ = struct.unpack_from('=IHHII', data)
            assert 16 <= size <= len(data)
            yield kind, flags, seq, data[16:size]
            data = data[(size + 3) & ~3:]

    @staticmethod
    def refuse(error, flags, extended, request):
        text, bad, missing = None, None, None
        if flags & 0x200:
            for _, number, payload in attributes(extended):
                if number == 1:
                    text = payload.rstrip(b'\0').decode()
                if number == 2:
                    bad = path_of(request, struct.unpack('=I', payload)[0] - 20)
                if number == 5:
                    missing = struct.unpack('=I', payload)[0]
        raise Refused(-error, text, bad, missing)

    def exchange(self, kind, command, payload, flags):
        """Yield (type, flags, body) of the replies; Refused, if it is."""
        self.send(kind, command, payload, flags)
        self.interrupted = False
        while True:
            for kind_, flags_, seq, body in self.messages(self.socket.recv(1 << 20)):
                assert seq == self.seq, 'an answer to another request'
                self.interrupted |= bool(flags_ & INTERRUPTED)
                if kind_ in (ERROR, DONE):
                    error = struct.unpack_from('=i', body)[0] if len(body) >= 4 else 0
                    if error:
                        self.refuse(error, flags_, body[20 if kind_ == ERROR else 4:], payload)
                    return
                yield kind_, flags_, body

    def call(self, command, request=None, flags=ACK):
        """The replies, as dicts."""
        payload = encode(request or {})
        replies = []
        for kind, _, body in self.exchange(self.id, COMMAND[command], payload, flags):
            assert kind == self.id and body[0] == COMMAND[command], (kind, body[0])
            replies.append(decode(body[4:]))
        return replies

    def get(self, command, request=None):
        replies = self.call(command, request)
        assert len(replies) <= 1
        return replies[0] if replies else None

    def dump(self, command, request=None):
        return self.call(command, request, DUMP)

    def subscribe(self):
        self.socket.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, self.group)

    def events(self, timeout):
        """Yield (command, dict) until nothing comes for so many seconds."""
        self.socket.settimeout(timeout)
        while True:
            try:
                data = self.socket.recv(1 << 20)
            except (socket.timeout, BlockingIOError):
                return
            for kind, _, _, body in self.messages(data):
                assert kind == self.id
                yield COMMANDS[body[0] - 1], decode(body[4:])


def listen(ready, path):
    family = Family()
    family.subscribe()
    with open(path, 'w', encoding='utf-8') as file:
        with open(ready, 'w', encoding='utf-8'):
            pass
        for command, event in family.events(None):
            print(json.dumps({'event': command, **event}), file=file, flush=True)


def main():
    if len(sys.argv) == 4 and sys.argv[1] == 'listen':
        listen(*sys.argv[2:])
        return
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in ('get', 'dump') or sys.argv[2] not in COMMAND:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    family = Family()
    try:
        for reply in getattr(family, 'call')(sys.argv[2], json.loads(sys.argv[3] if len(sys.argv) > 3 else '{}'),
                                             ACK if sys.argv[1] == 'get' else DUMP):
            print(json.dumps(reply))
    except Refused as refused:
        sys.exit(f'netlink.py: {sys.argv[2]}: {refused}')


if __name__ == '__main__':
    main()

"""DNS messages, as far as the range needs them, and the rules of a DNS firewall."""

import socket
import struct

TYPES = {'A': 1, 'NS': 2, 'CNAME': 5, 'NULL': 10, 'MX': 15, 'TXT': 16, 'AAAA': 28, 'HTTPS': 65}
NUMBERS = {number: name for name, number in TYPES.items()}


def encode_name(name):
    return b''.join(bytes([len(label)]) + label.encode() for label in name.split('.') if label) + b'\x00'


def query(name, kind):
    return struct.pack('>HHHHHH', 0x2A2A, 0x0100, 1, 0, 0, 0) + encode_name(name) + struct.pack('>HH', TYPES[kind], 1)


def parse_query(data):
    """Name and type of a question; None where it is none."""
    labels = []
    at = 12
    try:
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode('ascii', 'replace'))
            at += 1 + data[at]
        number = struct.unpack('>H', data[at + 1:at + 3])[0]
    except (IndexError, struct.error):
        return None
    return '.'.join(labels).lower(), NUMBERS.get(number, 'TYPE%d' % number)


def question_end(data):
    at = 12
    while data[at]:
        at += 1 + data[at]
    return at + 5


def answer(data, name, kind, address):
    """A record for every type that is asked for; TXT and NULL carry the question back."""
    body = {
        'A': lambda: socket.inet_aton(address),
        'AAAA': lambda: socket.inet_pton(socket.AF_INET6, '2001:db8:ffff::10'),
        'MX': lambda: b'\x00\x0a' + encode_name('mail.' + name[-60:].lstrip('.')),
        'CNAME': lambda: encode_name('alias.' + name[-60:].lstrip('.')),
        'NS': lambda: encode_name('ns.' + name[-60:].lstrip('.')),
        'HTTPS': lambda: b'\x00\x01\x00',
    }.get(kind, lambda: bytes([min(len(name), 250)]) + name[:250].encode())()
    end = question_end(data)
    record = b'\xc0\x0c' + data[end - 4:end - 2] + b'\x00\x01' + struct.pack('>IH', 5, len(body)) + body
    return data[:2] + b'\x85\x80\x00\x01\x00\x01\x00\x00\x00\x00' + data[12:end] + record


def refuse(data):
    return data[:2] + b'\x81\x83\x00\x01\x00\x00\x00\x00\x00\x00' + data[12:question_end(data)]


def servfail(data):
    return data[:2] + b'\x81\x82\x00\x01\x00\x00\x00\x00\x00\x00' + data[12:question_end(data)]


def covers(domain, name):
    domain = domain.lower()
    if domain == '*':
        return True
    return name.endswith(domain[1:]) if domain.startswith('*') else name == domain


def decide(rules, fails_open, name, kind):
    """The first rule that is about the name and the type; without one, the query is answered."""
    if fails_open and rules:
        return 'ALLOW'
    for rule in rules:
        if rule['type'] is not None and rule['type'].upper() != kind:
            continue
        domains = rule['domains']
        # Names that only AWS knows: nothing is blocked for certain by them.
        about = any(covers(domain, name) for domain in domains) if domains is not None else rule['action'] == 'ALLOW'
        if about and rule['action'] != 'ALERT':
            return rule['action']
    return 'ALLOW'

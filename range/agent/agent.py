"""Hands and ears of the range: opens sockets in its namespaces, answers there, tries connections, and clears up.

Reads one JSON command a line and answers each with one line. When its input ends, for whatever reason, every process that it
started, every namespace with its prefix and its folder are removed. Needs root, and Python's standard library.
"""

import asyncio
import ctypes
import json
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys

from policy import foreign_request_allowed
from dns import answer, decide, parse_query, query, refuse, servfail

LIBC = ctypes.CDLL('libc.so.6', use_errno=True)
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
HOME = os.open('/proc/self/ns/net', os.O_RDONLY)
# Of the namespaces, how many attempts at once, and where files are: all of it goes in the end.
PREFIX, AT_ONCE, FOLDER = sys.argv[1], int(sys.argv[2]), sys.argv[3]
TIMEOUT = 0.7
FAMILIES = [socket.AF_INET, socket.AF_INET6]
MAX_TIMEOUT = 10.0

children = []
seen = set()
dns_names = []


def in_namespace(name, make):
    """A socket belongs to the namespace in which it was made."""
    fd = os.open('/var/run/netns/' + name, os.O_RDONLY)
    try:
        if LIBC.setns(fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), 'setns ' + name)
        return make()
    finally:
        LIBC.setns(HOME, CLONE_NEWNET)
        os.close(fd)


def make_socket(name, family, kind, protocol=0):
    sock = in_namespace(name, lambda: socket.socket(family, kind, protocol))
    sock.setblocking(False)
    return sock


def family_of(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET


# Listeners ------------------------------------------------------------------------------------------------------------------


async def echo_tcp(namespace, port, family):
    server = make_socket(namespace, family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    server.bind(('::' if family == socket.AF_INET6 else '0.0.0.0', port))
    server.listen(512)
    loop = asyncio.get_running_loop()
    while True:
        client, _ = await loop.sock_accept(server)
        asyncio.create_task(echo_connection(client))


async def echo_connection(client):
    loop = asyncio.get_running_loop()
    client.setblocking(False)
    try:
        for _ in range(64):
            data = await asyncio.wait_for(loop.sock_recv(client, 65536), MAX_TIMEOUT)
            if not data:
                break
            await loop.sock_sendall(client, data)
    except (OSError, asyncio.TimeoutError):
        pass
    finally:
        client.close()


async def echo_udp(namespace, port, family):
    server = make_socket(namespace, family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    server.bind(('::' if family == socket.AF_INET6 else '0.0.0.0', port))
    loop = asyncio.get_running_loop()
    while True:
        data, peer = await loop.sock_recvfrom(server, 65536)
        remember(data)
        try:
            await loop.sock_sendto(server, data, peer)
        except OSError:
            pass


async def hear_raw(namespace, protocol, family=socket.AF_INET):
    server = make_socket(namespace, family, socket.SOCK_RAW, protocol)
    loop = asyncio.get_running_loop()
    while True:
        data = await loop.sock_recv(server, 65536)
        remember(data)


def remember(data):
    """A token is sixteen bytes after `tok:`."""
    at = data.find(b'tok:')
    while at >= 0:
        seen.add(data[at + 4:at + 20])
        at = data.find(b'tok:', at + 4)


async def serve_lines(namespace, port, respond):
    """One JSON request a connection, one JSON answer."""
    server = make_socket(namespace, socket.AF_INET6, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(('::', port))
    server.listen(256)
    loop = asyncio.get_running_loop()

    async def serve(client):
        client.setblocking(False)
        try:
            data = await asyncio.wait_for(loop.sock_recv(client, 65536), MAX_TIMEOUT)
            await loop.sock_sendall(client, respond(data))
        except (OSError, ValueError, asyncio.TimeoutError):
            pass
        finally:
            client.close()

    while True:
        client, _ = await loop.sock_accept(server)
        asyncio.create_task(serve(client))


async def dns_authority(namespace, address, names, fallback):
    """Answers for every name of the internet; a label that starts with `tok-` has arrived."""
    server = make_socket(namespace, socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    loop = asyncio.get_running_loop()
    while True:
        data, peer = await loop.sock_recvfrom(server, 4096)
        parsed = parse_query(data)
        if not parsed:
            continue
        name, kind = parsed
        dns_names.append((name, kind))
        address_of = names.get(name, fallback)
        try:
            await loop.sock_sendto(server, answer(data, name, kind, address_of), peer)
        except OSError:
            pass


async def dns_firewall(namespace, address, rules, fails_open, learn):
    """The resolver of the VPC: decides by its rules in order, and asks dnsmasq for what is allowed."""
    server = make_socket(namespace, socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    loop = asyncio.get_running_loop()

    async def serve(data, peer):
        parsed = parse_query(data)
        if not parsed:
            return
        name, kind = parsed
        verdict = decide(rules, fails_open, name, kind)
        if verdict != 'ALLOW':
            await loop.sock_sendto(server, refuse(data), peer)
            return
        upstream = make_socket(namespace, socket.AF_INET, socket.SOCK_DGRAM)
        try:
            await loop.sock_sendto(upstream, data, ('127.0.0.1', 5353))
            reply = await asyncio.wait_for(loop.sock_recv(upstream, 4096), 2)
            for resolved in addresses_in(reply):
                for firewall in learn:
                    await run(['ip', 'netns', 'exec', firewall, 'nft', 'add', 'element', 'inet', 'fw', 'resolved', '{ %s }' % resolved])
            await loop.sock_sendto(server, reply, peer)
        except (OSError, asyncio.TimeoutError):
            await loop.sock_sendto(server, servfail(data), peer)
        finally:
            upstream.close()

    while True:
        data, peer = await loop.sock_recvfrom(server, 4096)
        asyncio.create_task(serve(data, peer))


def addresses_in(reply):
    """IPv4 addresses of an answer: four bytes after `type A, class IN, time to live, length 4`."""
    found = []
    at = reply.find(b'\x00\x01\x00\x01', 12)
    while at >= 0:
        if reply[at + 8:at + 10] == b'\x00\x04':
            found.append(socket.inet_ntoa(reply[at + 10:at + 14]))
        at = reply.find(b'\x00\x01\x00\x01', at + 1)
    return found


async def run(argv):
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    await process.wait()


# Attempts -------------------------------------------------------------------------------------------------------------------


def client_hello(name):
    """The first bytes of a real TLS connection, with a server name or without one."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    outgoing = ssl.MemoryBIO()
    connection = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    try:
        connection.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def hidden_name_hello(outer, inner):
    """A hello that names `outer`, and carries `inner` in an extension of the type of an encrypted hello (0xfe0d)."""
    hello = bytearray(client_hello(outer))
    extension = struct.pack('>HH', 0xFE0D, len(inner)) + inner
    session = 9 + 2 + 32
    at = session + 1 + hello[session]
    at += 2 + struct.unpack('>H', hello[at:at + 2])[0]
    at += 1 + hello[at]
    length = struct.unpack('>H', hello[at:at + 2])[0]
    hello[at:at + 2] = struct.pack('>H', length + len(extension))
    hello += extension
    hello[3:5] = struct.pack('>H', len(hello) - 5)
    hello[6:9] = struct.pack('>I', len(hello) - 9)[1:]
    return bytes(hello)


def first_bytes(speak, token):
    kind = speak['kind']
    name = speak.get('name')
    tail = b'tok:' + token
    if kind == 'tls':
        return client_hello(name)
    if kind == 'tls-hidden':
        return hidden_name_hello(name, tail)
    if kind == 'tls-then-raw':
        return client_hello(name) + tail
    if kind == 'http':
        return ('GET /%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: range\r\n\r\n' % (token.hex(), name)).encode()
    if kind == 'http-two-hosts':
        return ('GET / HTTP/1.1\r\nHost: %s\r\nHost: %s\r\n\r\n' % (name, speak['second'])).encode()
    if kind == 'http-absolute':
        return ('GET http://%s/%s HTTP/1.1\r\nHost: %s\r\n\r\n' % (speak['second'], token.hex(), name)).encode()
    if kind == 'connect':
        return ('CONNECT %s:443 HTTP/1.1\r\nHost: %s\r\n\r\n' % (name, name)).encode()
    if kind == 'websocket':
        return ('GET /%s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n' % (token.hex(), name)).encode()
    if kind == 'http2':
        return b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + b'\x00\x00\x00\x04\x00\x00\x00\x00\x00' + tail
    if kind == 'ssh':
        return b'SSH-2.0-range_' + token.hex().encode() + b'\r\n'
    if kind == 'quic':
        return b'\xc3\x00\x00\x00\x01\x08' + token[:8] + b'\x00\x00' + tail + b'\x00' * 1150
    if kind == 'ntp':
        return b'\x1b' + b'\x00' * 39 + tail
    if kind == 'dns':
        return b'\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00' + bytes([32]) + token.hex().encode() + b'\x00\x00\x10\x00\x01' + tail
    if kind == 'dns-tcp':
        body = first_bytes({'kind': 'dns'}, token)
        return struct.pack('>H', len(body)) + body
    if kind == 'big':
        return tail + b'x' * 4000
    return tail


async def try_tcp(command, token):
    loop = asyncio.get_running_loop()
    sock = make_socket(command['namespace'], family_of(command['address']), socket.SOCK_STREAM)
    try:
        if 'sourcePort' in command:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(('::' if ':' in command['address'] else '0.0.0.0', command['sourcePort']))
        await asyncio.wait_for(loop.sock_connect(sock, (command['address'], command['port'])), TIMEOUT)
        data = first_bytes(command['speak'], token)
        await send_paced(loop, sock, data, command.get('pieces', 1))
        echoed = b''
        while len(echoed) < len(data):
            part = await asyncio.wait_for(loop.sock_recv(sock, 65536), TIMEOUT + 1.0)
            if not part:
                break
            echoed += part
        return echoed == data
    except (OSError, asyncio.TimeoutError):
        return False
    finally:
        sock.close()


async def send_paced(loop, sock, data, pieces):
    """In one go, or in pieces with a pause between them."""
    size = -(-len(data) // pieces)
    for at in range(0, len(data), size):
        await loop.sock_sendall(sock, data[at:at + size])
        if pieces > 1:
            await asyncio.sleep(0.05)


async def try_udp(command, token):
    loop = asyncio.get_running_loop()
    sock = make_socket(command['namespace'], family_of(command['address']), socket.SOCK_DGRAM)
    try:
        await loop.sock_sendto(sock, first_bytes(command['speak'], token), (command['address'], command['port']))
        return await heard(token)
    except OSError:
        return False
    finally:
        sock.close()


async def try_raw(command, token):
    loop = asyncio.get_running_loop()
    sock = make_socket(command['namespace'], family_of(command['address']), socket.SOCK_RAW, command['protocol'])
    # With a port, what follows is the header of SCTP: both ports, a tag and a checksum that only the receiver's stack would look at.
    header = struct.pack('>HHII', 40000, command['port'], 0, 0) if 'port' in command else b''
    try:
        await loop.sock_sendto(sock, header + b'tok:' + token, (command['address'], 0))
        return await heard(token)
    except OSError:
        return False
    finally:
        sock.close()


async def heard(token):
    for _ in range(int(TIMEOUT / 0.05)):
        if token in seen:
            return True
        await asyncio.sleep(0.05)
    return False


def checksum(data):
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


async def try_icmp(command, token):
    """An echo request whose payload comes back, or another type that is heard; over IPv6 the kernel makes the checksum."""
    loop = asyncio.get_running_loop()
    six = ':' in command['address']
    sock = make_socket(command['namespace'], socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, 58 if six else 1)
    try:
        body = struct.pack('>BBHHH', command.get('type', 128 if six else 8), 0, 0, 1, 1) + b'tok:' + token
        if not six:
            body = body[:2] + struct.pack('>H', checksum(body)) + body[4:]
        await loop.sock_sendto(sock, body, (command['address'], 0))
        if 'type' in command:
            return await heard(token)
        for _ in range(16):
            data = await asyncio.wait_for(loop.sock_recv(sock, 4096), TIMEOUT)
            kind = data[0] if six else data[(data[0] & 15) * 4]
            if token in data and kind == (129 if six else 0):
                return True
    except (OSError, asyncio.TimeoutError):
        pass
    finally:
        sock.close()
    return False


async def try_dns(command, token):
    """True where an answer comes; with `arrives`, where the name reached the authority of the internet."""
    loop = asyncio.get_running_loop()
    sock = make_socket(command['namespace'], socket.AF_INET, socket.SOCK_DGRAM)
    name = command['name'].replace('TOKEN', token.hex())
    try:
        await loop.sock_sendto(sock, query(name, command['type']), (command['address'], 53))
        reply = await asyncio.wait_for(loop.sock_recv(sock, 4096), TIMEOUT + 2.0)
        if command.get('arrives'):
            return any(seen_name == name.lower() for seen_name, _ in dns_names)
        return reply[3] & 15 == 0 and struct.unpack('>H', reply[6:8])[0] > 0
    except (OSError, asyncio.TimeoutError):
        return bool(command.get('arrives')) and any(seen_name == name.lower() for seen_name, _ in dns_names)
    finally:
        sock.close()


async def ask(command, request):
    """One line to a service, and its answer."""
    loop = asyncio.get_running_loop()
    sock = make_socket(command['namespace'], family_of(command['address']), socket.SOCK_STREAM)
    try:
        await asyncio.wait_for(loop.sock_connect(sock, (command['address'], command['port'])), TIMEOUT)
        await loop.sock_sendall(sock, request)
        return await asyncio.wait_for(loop.sock_recv(sock, 4096), TIMEOUT)
    except (OSError, asyncio.TimeoutError):
        return None
    finally:
        sock.close()


async def try_service(command, token):
    reply = await ask(command, json.dumps({'foreign': command['foreign'], 'token': token.hex()}).encode())
    if reply is None:
        return False
    # An echo is the service itself, reached over the internet, where no endpoint asks anything.
    return reply.startswith((b'stored', b'{')) if command['foreign'] else len(reply) > 0


ATTEMPTS = {'tcp': try_tcp, 'udp': try_udp, 'raw': try_raw, 'icmp': try_icmp, 'dns': try_dns, 'service': try_service}


async def attempt(command, gate):
    token = os.urandom(16)
    async with gate:
        for name in command.get('resolve', []):
            await try_dns({'namespace': command['namespace'], 'address': command['resolver'], 'name': name, 'type': 'A'}, token)
        return await ATTEMPTS[command['kind']](command, token)


# Commands -------------------------------------------------------------------------------------------------------------------


def listen(command):
    namespace = command['namespace']
    kind = command['kind']
    if kind == 'echo':
        return [serve(namespace, 7, family) for serve in (echo_tcp, echo_udp) for family in FAMILIES]
    if kind == 'raw':
        return [hear_raw(namespace, protocol, family) for protocol in command['protocols'] for family in (FAMILIES if command.get('both') else FAMILIES[:1])]
    if kind == 'authority':
        return [dns_authority(namespace, command['address'], command['names'], command['fallback'])]
    if kind == 'dns-firewall':
        return [dns_firewall(namespace, command['address'], command['rules'], command['failsOpen'], command['learn'])]
    if kind == 'service':
        policy, service = command['policy'], command['service']
        return [serve_lines(namespace, command['port'], lambda data: respond_service(policy, service, data))]
    if kind == 'metadata':
        return [serve_lines(namespace, 80, lambda data: b'HTTP/1.1 200 OK\r\n\r\nrole')]
    raise ValueError('no listener ' + kind)


def respond_service(policy, service, data):
    request = json.loads(data)
    if not request['foreign']:
        return b'own'
    return b'stored' if foreign_request_allowed(policy, service) else b'denied'


def spawn(command):
    def prepare():
        os.setsid()
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    process = subprocess.Popen(['ip', 'netns', 'exec', command['namespace'], *command['argv']], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=prepare)
    children.append(process)


def clear():
    """Ends what was started here and removes the namespaces, once and again if need be."""
    for process in children:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except OSError:
            pass
    for process in children:
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            pass
    listed = subprocess.run(['ip', 'netns', 'list'], capture_output=True, text=True).stdout
    for line in listed.splitlines():
        name = line.split(' ')[0]
        if name.startswith(PREFIX + '-'):
            subprocess.run(['ip', 'netns', 'del', name], stderr=subprocess.DEVNULL)
    shutil.rmtree(FOLDER, ignore_errors=True)


def report(message):
    sys.stdout.write(json.dumps(message) + '\n')
    sys.stdout.flush()


async def main():
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    gate = asyncio.Semaphore(AT_ONCE)
    running = set()

    async def handle(command):
        try:
            if command['op'] == 'listen':
                for task in listen(command):
                    running.add(asyncio.create_task(task))
                await asyncio.sleep(0)
                report({'id': command['id'], 'ok': True})
            elif command['op'] == 'spawn':
                spawn(command)
                report({'id': command['id'], 'ok': True})
            elif command['op'] == 'alive':
                dead = [process.args for process in children if process.poll() is not None]
                report({'id': command['id'], 'ok': not dead, 'dead': dead})
            else:
                report({'id': command['id'], 'ok': await attempt(command, gate)})
        except Exception as error:  # noqa: BLE001 - whatever it is, the range has to know
            report({'id': command['id'], 'error': '%s: %s' % (type(error).__name__, error)})

    while True:
        line = await reader.readline()
        if not line:
            break
        task = asyncio.create_task(handle(json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)


for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN if number != signal.SIGTERM else lambda *_: sys.exit(0))
try:
    asyncio.run(main())
finally:
    clear()

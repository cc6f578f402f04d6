import type { Speech, Try } from '../kernel/agent';

/** What a compromised workload knows: where it is, and whom it would like to talk to. */
export interface Surroundings {
  readonly namespace: string;
  readonly resolver: string;
  /** A server of the attacker, its IPv6 address, and its name. */
  readonly attacker: { readonly address: string; readonly address6: string; readonly name: string };
  /** A server of the attacker that has no name. */
  readonly nameless: string;
  /** A name that the zone allows, or would allow, and its genuine server. */
  readonly allowed: { readonly address: string; readonly name: string };
  /** Other workloads. */
  readonly neighbours: readonly string[];
  readonly balancers: readonly string[];
  /** Where services of AWS answer: interface endpoints, gateway endpoints, and their public addresses. */
  readonly services: readonly string[];
  /** Who is allowed to call the workload, as namespaces, and where it answers. */
  readonly callers: readonly string[];
  readonly own: { readonly address: string; readonly ports: readonly number[] };
}

/** One way to reach a command-and-control server, tried with a harmless echo. */
export interface Technique {
  readonly name: string;
  /** MITRE ATT&CK. */
  readonly attack: string;
  /** SAF-MCP. */
  readonly saf: string;
  /** Any of them is enough. */
  tries(around: Surroundings): readonly Try[];
  /** The control that stops it where a network cannot, and why a network cannot. @default - a network can stop it */
  readonly owner?: { readonly control: string; readonly why: string };
}

const C2_WEBHOOK = 'SAF-T1901';
const C2_RESPONSE = 'SAF-T1902';
const C2_SERVER = 'SAF-T1903';
const COVERT = 'SAF-T1910';
const HTTP_POST = 'SAF-T1913';
const PIVOT = 'SAF-T1704';

const at = ({ namespace, resolver }: Surroundings) => ({ namespace, resolver });
const tcp = (around: Surroundings, address: string, port: number, speak: Speech, more: Partial<Extract<Try, { kind: 'tcp' }>> = {}): Try => ({ ...at(around), kind: 'tcp', address, port, speak, ...more });
const udp = (around: Surroundings, address: string, port: number, speak: Speech = { kind: 'raw' }): Try => ({ ...at(around), kind: 'udp', address, port, speak });
const dns = (around: Surroundings, name: string, type: string): Try => ({ ...at(around), kind: 'dns', address: around.resolver, name, type, arrives: true });
/** To the attacker under its own name, looked up first. */
const named = ({ attacker }: Surroundings) => ({ resolve: [attacker.name] });
/** To the attacker under an allowed name, which is looked up first too. */
const disguised = ({ attacker, allowed }: Surroundings) => ({ resolve: [attacker.name, allowed.name] });

export const TECHNIQUES: readonly Technique[] = [
  { name: 'raw TCP, odd port', attack: 'T1571', saf: C2_SERVER, tries: (a) => [4444, 31_337, 6667].map((port) => tcp(a, a.attacker.address, port, { kind: 'raw' })) },
  { name: 'raw TCP, common port', attack: 'T1095', saf: C2_SERVER, tries: (a) => [80, 8080, 8443, 25].map((port) => tcp(a, a.attacker.address, port, { kind: 'raw' }, named(a))) },
  { name: 'raw TCP on 443 (no TLS)', attack: 'T1571', saf: C2_SERVER, tries: (a) => [tcp(a, a.attacker.address, 443, { kind: 'raw' }, named(a))] },
  { name: 'raw TCP on 443 to an allowed server', attack: 'T1571', saf: COVERT, tries: (a) => [tcp(a, a.allowed.address, 443, { kind: 'raw' }, { resolve: [a.allowed.name] })] },
  { name: 'TCP from a trusted source port', attack: 'T1571', saf: C2_SERVER, tries: (a) => [443, 53].map((sourcePort) => tcp(a, a.attacker.address, 4444, { kind: 'raw' }, { sourcePort })) },
  { name: 'raw UDP, odd port', attack: 'T1095', saf: C2_SERVER, tries: (a) => [4444, 51_820, 3478].map((port) => udp(a, a.attacker.address, port)) },
  { name: 'raw UDP on 53', attack: 'T1571', saf: C2_SERVER, tries: (a) => [udp(a, a.attacker.address, 53)] },
  { name: 'HTTP to a new domain', attack: 'T1071.001', saf: C2_WEBHOOK, tries: (a) => [80, 8080].map((port) => tcp(a, a.attacker.address, port, { kind: 'http', name: a.attacker.name }, named(a))) },
  { name: 'HTTPS to a new domain', attack: 'T1071.001, T1573', saf: C2_WEBHOOK, tries: (a) => [443, 8443].map((port) => tcp(a, a.attacker.address, port, { kind: 'tls', name: a.attacker.name }, named(a))) },
  { name: 'HTTP to an address', attack: 'T1071.001', saf: HTTP_POST, tries: (a) => [tcp(a, a.nameless, 80, { kind: 'http', name: a.nameless })] },
  { name: 'HTTPS to an address (no server name)', attack: 'T1071.001', saf: HTTP_POST, tries: (a) => [tcp(a, a.nameless, 443, { kind: 'tls' })] },
  { name: 'TLS with an allowed name, to the attacker', attack: 'T1090.004', saf: C2_SERVER, tries: (a) => [tcp(a, a.attacker.address, 443, { kind: 'tls', name: a.allowed.name }, disguised(a))] },
  { name: 'TLS with a name that only looks allowed', attack: 'T1036', saf: C2_SERVER, tries: (a) => [`${a.allowed.name}.attacker.example`, `evil${a.allowed.name}`].map((name) => tcp(a, a.attacker.address, 443, { kind: 'tls', name }, disguised(a))) },
  { name: 'TLS without a name, to an allowed server', attack: 'T1090.004', saf: COVERT, tries: (a) => [tcp(a, a.allowed.address, 443, { kind: 'tls' }, { resolve: [a.allowed.name] })] },
  { name: 'another name on an allowed server (fronting)', attack: 'T1090.004', saf: COVERT, tries: (a) => [tcp(a, a.allowed.address, 443, { kind: 'tls', name: a.attacker.name }, { resolve: [a.allowed.name] })] },
  { name: 'TLS with a hidden name (ECH), new outer name', attack: 'T1573, T1090.004', saf: C2_SERVER, tries: (a) => [tcp(a, a.attacker.address, 443, { kind: 'tls-hidden', name: a.attacker.name }, named(a))] },
  { name: 'TLS with a hidden name (ECH), allowed outer name', attack: 'T1573, T1090.004', saf: C2_SERVER, tries: (a) => [tcp(a, a.attacker.address, 443, { kind: 'tls-hidden', name: a.allowed.name }, disguised(a))] },
  { name: 'own protocol after a TLS hello', attack: 'T1001.003', saf: COVERT, tries: (a) => [a.attacker.name, a.allowed.name].map((name) => tcp(a, a.attacker.address, 443, { kind: 'tls-then-raw', name }, disguised(a))) },
  { name: 'HTTP with an allowed Host, to the attacker', attack: 'T1090.004', saf: HTTP_POST, tries: (a) => [80, 443].map((port) => tcp(a, a.attacker.address, port, { kind: 'http', name: a.allowed.name }, disguised(a))) },
  { name: 'HTTP with two Hosts', attack: 'T1071.001', saf: HTTP_POST, tries: (a) => [tcp(a, a.attacker.address, 80, { kind: 'http-two-hosts', name: a.allowed.name, second: a.attacker.name }, disguised(a))] },
  { name: 'HTTP with a full address in the request', attack: 'T1071.001', saf: HTTP_POST, tries: (a) => [tcp(a, a.attacker.address, 80, { kind: 'http-absolute', name: a.allowed.name, second: a.attacker.name }, disguised(a))] },
  { name: 'HTTP CONNECT through a proxy outside', attack: 'T1090.002', saf: C2_SERVER, tries: (a) => [3128, 8080, 80].map((port) => tcp(a, a.attacker.address, port, { kind: 'connect', name: a.allowed.name }, disguised(a))) },
  { name: 'WebSocket', attack: 'T1071.001', saf: C2_WEBHOOK, tries: (a) => [80, 443].map((port) => tcp(a, a.attacker.address, port, { kind: 'websocket', name: a.attacker.name }, named(a))) },
  { name: 'HTTP/2 without TLS', attack: 'T1071.001', saf: C2_WEBHOOK, tries: (a) => [80, 443].map((port) => tcp(a, a.attacker.address, port, { kind: 'http2' }, named(a))) },
  { name: 'QUIC (HTTP/3)', attack: 'T1071.001', saf: C2_WEBHOOK, tries: (a) => [a.attacker.address, a.allowed.address].map((address) => udp(a, address, 443, { kind: 'quic' })) },
  { name: 'SSH on 22', attack: 'T1572', saf: C2_SERVER, tries: (a) => [tcp(a, a.attacker.address, 22, { kind: 'ssh' }, named(a))] },
  { name: 'SSH on 443', attack: 'T1572, T1571', saf: C2_SERVER, tries: (a) => [tcp(a, a.attacker.address, 443, { kind: 'ssh' }, named(a))] },
  { name: 'DNS tunnel, long labels in A', attack: 'T1071.004', saf: COVERT, tries: (a) => [dns(a, `TOKEN.${'b'.repeat(60)}.${'c'.repeat(60)}.${a.attacker.name}`, 'A'), dns(a, `TOKEN.${a.attacker.name}`, 'AAAA')] },
  { name: 'DNS tunnel, TXT', attack: 'T1071.004', saf: COVERT, tries: (a) => [dns(a, `TOKEN.${a.attacker.name}`, 'TXT')] },
  { name: 'DNS tunnel, NULL', attack: 'T1071.004', saf: COVERT, tries: (a) => [dns(a, `TOKEN.${a.attacker.name}`, 'NULL')] },
  { name: 'DNS tunnel, CNAME, MX and HTTPS', attack: 'T1071.004', saf: COVERT, tries: (a) => ['CNAME', 'MX', 'HTTPS'].map((type) => dns(a, `TOKEN.${a.attacker.name}`, type)) },
  { name: 'DNS tunnel below an allowed name', attack: 'T1071.004', saf: COVERT, tries: (a) => ['A', 'TXT'].map((type) => dns(a, `TOKEN.${a.allowed.name}`, type)) },
  { name: 'DNS to a resolver outside', attack: 'T1071.004', saf: COVERT, tries: (a) => [udp(a, a.attacker.address, 53, { kind: 'dns' }), tcp(a, a.attacker.address, 53, { kind: 'dns-tcp' })] },
  { name: 'DNS over TLS', attack: 'T1071.004, T1573', saf: COVERT, tries: (a) => [tcp(a, a.attacker.address, 853, { kind: 'tls', name: 'dns.quad9.net' }), tcp(a, a.nameless, 853, { kind: 'tls' })] },
  { name: 'DNS over HTTPS', attack: 'T1071.004, T1572', saf: COVERT, tries: (a) => ['dns.google', 'cloudflare-dns.com'].map((name) => tcp(a, a.attacker.address, 443, { kind: 'tls', name }, { resolve: [name] })) },
  { name: 'DNS over QUIC', attack: 'T1071.004, T1572', saf: COVERT, tries: (a) => [udp(a, a.attacker.address, 853, { kind: 'quic' })] },
  { name: 'NTP fields', attack: 'T1001.003, T1095', saf: COVERT, tries: (a) => [udp(a, a.attacker.address, 123, { kind: 'ntp' })] },
  { name: 'ICMP tunnel', attack: 'T1095', saf: COVERT, tries: (a) => [a.attacker.address, a.allowed.address].map((address): Try => ({ ...at(a), kind: 'icmp', address })) },
  { name: 'IPv6, TCP and UDP', attack: 'T1095', saf: C2_SERVER, tries: (a) => [tcp(a, a.attacker.address6, 443, { kind: 'tls', name: a.attacker.name }), udp(a, a.attacker.address6, 4444)] },
  { name: 'IPv6, ICMP', attack: 'T1095', saf: COVERT, tries: (a) => [{ ...at(a), kind: 'icmp', address: a.attacker.address6 }] },
  { name: '6in4 tunnel', attack: 'T1572', saf: C2_SERVER, tries: (a) => [{ ...at(a), kind: 'raw', address: a.attacker.address, protocol: 41 }] },
  { name: 'GRE tunnel', attack: 'T1572', saf: C2_SERVER, tries: (a) => [{ ...at(a), kind: 'raw', address: a.attacker.address, protocol: 47 }] },
  { name: 'fragmented packets', attack: 'T1001', saf: COVERT, tries: (a) => [udp(a, a.attacker.address, 4444, { kind: 'big' }), udp(a, a.allowed.address, 443, { kind: 'big' })] },
  { name: 'slow drip of a TLS hello', attack: 'T1030, T1029', saf: C2_SERVER, tries: (a) => [a.attacker.name, a.allowed.name].map((name) => tcp(a, a.attacker.address, 443, { kind: 'tls', name }, { ...disguised(a), pieces: 8 })) },
  { name: 'slow drip of raw bytes', attack: 'T1030', saf: COVERT, tries: (a) => [tcp(a, a.attacker.address, 443, { kind: 'raw' }, { ...named(a), pieces: 5 })] },
  { name: 'ICMP redirect to a neighbour', attack: 'T1557', saf: PIVOT, tries: (a) => a.neighbours.map((address): Try => ({ ...at(a), kind: 'icmp', address, type: 5 })) },
  { name: 'a neighbour, TCP', attack: 'T1021', saf: PIVOT, tries: (a) => a.neighbours.flatMap((address) => [8443, 8080, 22].map((port) => tcp(a, address, port, { kind: 'raw' }))) },
  { name: 'a neighbour, UDP', attack: 'T1570', saf: PIVOT, tries: (a) => a.neighbours.map((address) => udp(a, address, 4444)) },
  { name: 'a neighbour, ICMP', attack: 'T1018', saf: PIVOT, tries: (a) => a.neighbours.map((address): Try => ({ ...at(a), kind: 'icmp', address })) },
  { name: 'the load balancer', attack: 'T1021', saf: PIVOT, tries: (a) => a.balancers.flatMap((address) => [443, 80].map((port) => tcp(a, address, port, { kind: 'http', name: 'neighbour' }))) },
  { name: 'instance metadata service', attack: 'T1552.005', saf: PIVOT, tries: (a) => [{ ...at(a), kind: 'service', address: '169.254.169.254', port: 80, foreign: false }] },
  { name: 'a bucket or log group of another account', attack: 'T1567.002, T1537', saf: HTTP_POST, tries: (a) => a.services.map((address): Try => ({ ...at(a), kind: 'service', address, port: 443, foreign: true })) },
  { name: 'UDP to an allowed server', attack: 'T1095', saf: COVERT, tries: (a) => [udp(a, a.allowed.address, 443), udp(a, a.allowed.address, 53, { kind: 'dns' })] },
  { name: 'SSH to an allowed server', attack: 'T1572', saf: COVERT, tries: (a) => [443, 22].map((port) => tcp(a, a.allowed.address, port, { kind: 'ssh' }, { resolve: [a.allowed.name] })) },
  { name: 'WebSocket without TLS to an allowed server', attack: 'T1071.001', saf: COVERT, tries: (a) => [80, 443].map((port) => tcp(a, a.allowed.address, port, { kind: 'websocket', name: a.allowed.name }, { resolve: [a.allowed.name] })) },
  {
    name: 'an allowed domain as a relay',
    attack: 'T1102',
    saf: 'SAF-T1904',
    tries: (a) => [tcp(a, a.allowed.address, 443, { kind: 'tls', name: a.allowed.name }, { resolve: [a.allowed.name] })],
    owner: { control: 'guard on arguments and results (DLP-1), declared names kept few', why: 'the name, the server and the protocol are the ones that were declared; what is said in them is not for a network to see' },
  },
  {
    name: "the gateway's own response",
    attack: 'T1001, T1090',
    saf: C2_RESPONSE,
    tries: (a) => a.callers.flatMap((caller) => a.own.ports.map((port): Try => ({ namespace: caller, resolver: a.resolver, kind: 'tcp', address: a.own.address, port, speak: { kind: 'raw' } }))),
    owner: { control: 'guard on results (IOV-5, DLP-2), audit of results (LOG-1)', why: 'a server has to answer its gateway; what the answer says is not for a network to see' },
  },
];

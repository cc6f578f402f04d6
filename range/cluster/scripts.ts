import { nodeAddress, NODES, podBlock, type PodHost } from './plan';
import type { PodRules } from './compile';

/** What is run inside of each namespace of a cluster. */

const OUTSIDE = { v4: '172.31.0.254', v6: 'fd31::fe' };
export const AUTHORITY = '198.51.100.53';
/** Everything that anybody connects to is answered at this port. */
const ECHO_PORT = 7;

const SYSCTLS = [
  'for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $file; done',
  'for file in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 > $file; done',
  'for file in /proc/sys/net/ipv6/conf/*/accept_ra; do echo 0 > $file; done',
  'echo 0 > /proc/sys/net/ipv4/icmp_ratelimit',
  'ip link set lo up',
];
const FORWARDING = ['echo 1 > /proc/sys/net/ipv4/ip_forward', 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'];
const nft = (rules: readonly string[]) => ["nft -f - <<'RULES'", ...rules, 'RULES'];
const echoes = (exceptions: readonly string[]) =>
  nft(['table inet answer {', '  chain answer {', '    type nat hook prerouting priority dstnat;', ...exceptions.map((match) => `    ${match} return`), `    tcp dport != ${ECHO_PORT} redirect to :${ECHO_PORT}`, `    udp dport != ${ECHO_PORT} redirect to :${ECHO_PORT}`, '  }', '}']);

export function podScript({ v4, v6, node, resolver }: PodHost): readonly string[] {
  const gateway = nodeAddress(node);
  return [
    ...SYSCTLS,
    `ip addr add ${v4}/32 dev eth0`,
    `ip -6 addr add ${v6}/128 dev eth0 nodad`,
    'ip link set eth0 up',
    `ip route add default via ${gateway.v4} dev eth0 onlink`,
    'ip -6 route add default via fe80::1 dev eth0',
    ...echoes(resolver ? [`ip daddr ${v4} udp dport 53`] : []),
  ];
}

/**
 * A node carries packets between its pods and everybody else, and holds the rules of its pods: on their way out of one pod and on their way
 * into another. A connection of the node itself is not asked.
 *
 * @param pods those that it runs, with the names of the interfaces that lead to them
 */
export function nodeScript(node: number, pods: readonly { readonly link: string; readonly pod: PodHost; readonly rules: PodRules }[]): readonly string[] {
  const own = nodeAddress(node);
  const others = Array.from({ length: NODES }, (_, index) => index).filter((index) => index !== node);
  const chains = pods.flatMap(({ link, rules: { ingress, egress } }) => [...chain(`${link}-in`, ingress), ...chain(`${link}-out`, egress)]);
  return [
    ...SYSCTLS,
    ...FORWARDING,
    `ip addr add ${own.v4}/24 dev fab`,
    `ip -6 addr add ${own.v6}/64 dev fab nodad`,
    'ip link set fab up',
    ...pods.flatMap(({ link, pod }) => [`ip -6 addr add fe80::1/64 dev ${link} nodad`, `ip link set ${link} up`, `ip route add ${pod.v4}/32 dev ${link}`, `ip -6 route add ${pod.v6}/128 dev ${link}`]),
    ...others.flatMap((other) => [`ip route add ${podBlock(other).v4} via ${nodeAddress(other).v4} dev fab`, `ip -6 route add ${podBlock(other).v6} via ${nodeAddress(other).v6} dev fab`]),
    `ip route add blackhole ${podBlock(node).v4}`,
    `ip -6 route add blackhole ${podBlock(node).v6}`,
    `ip route add default via ${OUTSIDE.v4} dev fab`,
    `ip -6 route add default via ${OUTSIDE.v6} dev fab`,
    ...nft([
      'table inet policies {',
      ...chains,
      '  chain forward {',
      '    type filter hook forward priority 0; policy accept;',
      '    ct state established,related accept',
      // A pod may not borrow an address that a policy knows.
      ...pods.flatMap(({ link, pod }) => [`    iifname "${link}" ip saddr != ${pod.v4} drop`, `    iifname "${link}" ip6 saddr != ${pod.v6} drop`]),
      ...pods.flatMap(({ link, rules }) => (rules.egress ? [`    iifname "${link}" jump ${link}-out`] : [])),
      ...pods.flatMap(({ link, rules }) => (rules.ingress ? [`    oifname "${link}" jump ${link}-in`] : [])),
      '  }',
      '}',
    ]),
    ...nft(['table ip answer {', '  chain answer {', '    type nat hook prerouting priority dstnat;', ...['tcp', 'udp'].map((protocol) => `    ip daddr ${own.v4} ${protocol} dport != ${ECHO_PORT} dnat to ${own.v4}:${ECHO_PORT}`), '  }', '}']),
  ];
}

function chain(name: string, statements: readonly string[] | undefined): readonly string[] {
  return statements ? [`  chain ${name} {`, ...statements.map((statement) => `    ${statement}`), '    drop', '  }'] : [];
}

/** The internet, the metadata service and every private address that no pod has. */
export function outsideScript(addresses: readonly string[]): readonly string[] {
  const all = Array.from({ length: NODES }, (_, index) => index);
  return [
    ...SYSCTLS,
    `ip addr add ${OUTSIDE.v4}/24 dev fab`,
    `ip -6 addr add ${OUTSIDE.v6}/64 dev fab nodad`,
    'ip link set fab up',
    ...[...new Set([...addresses, AUTHORITY])].map((address) => (address.includes(':') ? `ip -6 addr add ${address}/128 dev lo nodad` : `ip addr add ${address}/32 dev lo`)),
    ...all.flatMap((node) => [`ip route add ${podBlock(node).v4} via ${nodeAddress(node).v4} dev fab`, `ip -6 route add ${podBlock(node).v6} via ${nodeAddress(node).v6} dev fab`]),
    ...echoes([`ip daddr ${AUTHORITY} udp dport 53`]),
  ];
}

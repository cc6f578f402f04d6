import type { Appliance, Host, Plan, PlannedSubnet } from '../compile';

/** What is run inside of each namespace: interfaces, routes and rules. */

/** Addresses between namespaces; none of them is in a template. */
export const FABRIC = {
  router: (index: number) => ({ v4: `100.64.1.${index + 1}`, v6: `fd64::1:${index + 1}` }),
  appliance: (index: number) => ({ v4: `100.64.2.${index + 1}`, v6: `fd64::2:${index + 1}` }),
  gateway: { v4: '100.64.3.1', v6: 'fd64::3:1' },
  resolver: { v4: '100.64.4.1', v6: 'fd64::4:1' },
  service: (index: number) => ({ v4: `100.64.5.${index + 1}`, v6: `fd64::5:${index + 1}` }),
  metadata: { v4: '100.64.6.1', v6: 'fd64::6:1' },
};
const OUTSIDE = { gateway: '100.65.0.1', internet: '100.65.0.2', gateway6: 'fd65::1', internet6: 'fd65::2', authorityLink: '100.65.1.1', resolverLink: '100.65.1.2' };
/** Every workload's gateway: its subnet's router. */
const ROUTER = '169.254.1.1';
const INSTANCE_METADATA = '169.254.169.254';
const TASK_METADATA = '169.254.170.2';
/** Everything that anybody connects to is answered at this port. */
const ECHO_PORT = 7;
export const PROXY_PORT = 15_001;

const SYSCTLS = [
  'for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $file; done',
  'for file in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 > $file; done',
  'for file in /proc/sys/net/ipv6/conf/*/accept_ra; do echo 0 > $file; done',
  'echo 0 > /proc/sys/net/ipv4/icmp_ratelimit',
  'ip link set lo up',
];
const FORWARDING = ['echo 1 > /proc/sys/net/ipv4/ip_forward', 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'];

const family = (address: string) => (address.includes(':') ? '-6 ' : '');
const length = (address: string) => (address.includes(':') ? 128 : 32);
const nft = (rules: readonly string[]) => ["nft -f - <<'RULES'", ...rules, 'RULES'];
const onFabric = ({ v4, v6 }: { v4: string; v6: string }) => [`ip addr add ${v4}/16 dev fab`, `ip -6 addr add ${v6}/64 dev fab nodad`, 'ip link set fab up'];
const toSubnets = ({ subnets }: Plan) => subnets.flatMap(({ blocks, index }) => blocks.map((block) => `ip ${family(block)}route add ${block} via ${viaOf(FABRIC.router(index), block)} dev fab`));
const viaOf = ({ v4, v6 }: { v4: string; v6: string }, address: string) => (address.includes(':') ? v6 : v4);

/** @param hosts with the name of the interface that leads to each */
export function routerScript(plan: Plan, subnet: PlannedSubnet, hosts: readonly { readonly link: string; readonly addresses: readonly string[] }[]): readonly string[] {
  const others = plan.subnets.filter(({ id }) => id !== subnet.id);
  const metadata = [INSTANCE_METADATA, TASK_METADATA].map((address) => `ip route add ${address}/32 via ${FABRIC.metadata.v4} dev fab`);
  return [
    ...SYSCTLS,
    ...FORWARDING,
    ...onFabric(FABRIC.router(subnet.index)),
    ...hosts.flatMap(({ link, addresses }) => [
      `ip addr add ${ROUTER}/32 dev ${link}`,
      `ip -6 addr add fe80::1/64 dev ${link} nodad`,
      `ip link set ${link} up`,
      ...addresses.map((address) => `ip ${family(address)}route add ${address}/${length(address)} dev ${link}`),
    ]),
    ...subnet.blocks.map((block) => `ip ${family(block)}route add blackhole ${block}`),
    ...others.flatMap(({ blocks, index }) => blocks.map((block) => `ip ${family(block)}route add ${block} via ${viaOf(FABRIC.router(index), block)} dev fab`)),
    `ip route add ${plan.dns.address}/32 via ${FABRIC.resolver.v4} dev fab`,
    ...metadata,
    // A route of the template takes the place of the local one where both are as specific.
    ...subnet.routes.map(({ to, hop }) => `ip ${family(to)}route replace ${to} via ${viaOf(hopAddress(plan, hop), to)} dev fab`),
    ...nft(aclRules(plan, subnet)),
  ];
}

function hopAddress({ appliances, services }: Plan, hop: PlannedSubnet['routes'][number]['hop']): { v4: string; v6: string } {
  switch (hop.kind) {
    case 'internet-gateway':
      return FABRIC.gateway;
    case 'appliance':
      return FABRIC.appliance(appliances.findIndex(({ id }) => id === hop.id));
    case 'service':
      return FABRIC.service(services.findIndex(({ id }) => id === hop.id));
  }
}

/** A network ACL is stateless and asked at the border of the subnet, but not for the resolver and the metadata service. */
function aclRules({ dns }: Plan, { acl }: PlannedSubnet): readonly string[] {
  const exempt = `{ ${dns.address}, ${INSTANCE_METADATA}, ${TASK_METADATA} }`;
  return [
    'table inet acl {',
    ...chain('ingress', acl?.ingress ?? ['accept']),
    ...chain('egress', acl?.egress ?? ['accept']),
    '  chain forward {',
    '    type filter hook forward priority 0; policy accept;',
    `    ip daddr ${exempt} accept`,
    `    ip saddr ${exempt} accept`,
    '    iifname "fab" oifname "fab" drop',
    '    iifname "fab" jump ingress',
    '    oifname "fab" jump egress',
    '  }',
    '}',
  ];
}

function chain(name: string, statements: readonly string[]): readonly string[] {
  return [`  chain ${name} {`, ...statements.map((statement) => `    ${statement}`), '  }'];
}

const NEIGHBOURS = 'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept';

/** A security group is stateful, and asked before anything is answered. */
export function hostScript({ dns }: Plan, { addresses, filter, metadata, service }: Host): readonly string[] {
  const near = [dns.address, ...(metadata.startsWith('instance') ? [INSTANCE_METADATA] : []), ...(metadata === 'task-credentials' ? [TASK_METADATA] : [])];
  const six = addresses.some((address) => address.includes(':'));
  return [
    ...SYSCTLS,
    ...addresses.map((address) => `ip ${family(address)}addr add ${address}/${length(address)} dev eth0${address.includes(':') ? ' nodad' : ''}`),
    'ip link set eth0 up',
    `ip route add default via ${ROUTER} dev eth0 onlink`,
    ...(six ? ['ip -6 route add default via fe80::1 dev eth0'] : []),
    ...nft([
      'table inet sg {',
      '  chain in {',
      `    type filter hook prerouting priority mangle; policy ${filter ? 'drop' : 'accept'};`,
      '    iifname "lo" accept',
      '    ct state established,related accept',
      `    ${NEIGHBOURS}`,
      ...(filter?.ingress ?? []).map((statement) => `    ${statement}`),
      '  }',
      '  chain out {',
      `    type filter hook output priority 0; policy ${filter ? 'drop' : 'accept'};`,
      '    oifname "lo" accept',
      '    ct state established,related accept',
      `    ${NEIGHBOURS}`,
      `    ip daddr { ${near.join(', ')} } accept`,
      '    ip daddr 169.254.0.0/16 drop',
      ...(filter?.egress ?? []).map((statement) => `    ${statement}`),
      '  }',
      '  chain answer {',
      '    type nat hook prerouting priority dstnat;',
      ...(service ? ['    tcp dport 443 return'] : []),
      `    tcp dport != ${ECHO_PORT} redirect to :${ECHO_PORT}`,
      `    udp dport != ${ECHO_PORT} redirect to :${ECHO_PORT}`,
      '  }',
      '}',
    ]),
  ];
}

/** @param index of the appliance, for its address on the fabric */
export function applianceScript(plan: Plan, appliance: Appliance, index: number): readonly string[] {
  const acl = plan.subnets.find(({ id }) => id === appliance.subnet)?.acl?.ingress ?? ['accept'];
  const base = [
    ...SYSCTLS,
    ...FORWARDING,
    ...onFabric(FABRIC.appliance(index)),
    `ip addr add ${appliance.address}/32 dev out`,
    'ip link set out up',
    `ip route add default via ${ROUTER} dev out onlink`,
  ];
  const arrival = [...chain('arrival', acl), '  chain raw {', '    type filter hook prerouting priority raw; policy accept;', '    iifname "fab" jump arrival', '  }'];
  if (appliance.kind === 'nat') {
    return [
      ...base,
      ...nft([
        'table inet nat {',
        ...arrival,
        '  chain forward {',
        '    type filter hook forward priority 0; policy drop;',
        '    ct state established,related accept',
        '    iifname "fab" oifname "out" accept',
        '  }',
        '  chain source {',
        '    type nat hook postrouting priority srcnat;',
        '    oifname "out" masquerade',
        '  }',
        '}',
      ]),
    ];
  }
  const rules = appliance.firewall!;
  const zone = plan.subnets.flatMap(({ blocks }) => blocks.filter((block) => !block.includes(':')));
  const uninspected = rules.bypass.length > 0;
  return [
    ...base,
    'ip rule add fwmark 1 lookup 100',
    'ip route add local default dev lo table 100',
    ...nft([
      'table inet fw {',
      '  set resolved {',
      '    type ipv4_addr',
      '    flags timeout',
      '    timeout 10m',
      '  }',
      ...arrival,
      '  chain inspect {',
      '    type filter hook prerouting priority mangle; policy accept;',
      ...(uninspected
        ? []
        : [
            '    meta l4proto tcp socket transparent 1 meta mark set 1 accept',
            ...(rules.resolvedOnly ? [`    iifname "fab" ip saddr { ${zone.join(', ')} } ip daddr != @resolved drop`] : []),
            `    iifname "fab" ip saddr { ${zone.join(', ')} } meta l4proto tcp tproxy ip to :${PROXY_PORT} meta mark set 1 accept`,
          ]),
      '  }',
      '  chain forward {',
      '    type filter hook forward priority 0; policy drop;',
      '    ct state established,related accept',
      ...(uninspected ? rules.bypass : rules.packets).map((statement) => `    ${statement}`),
      '  }',
      '}',
    ]),
  ];
}

export function proxyConfiguration({ firewall }: Appliance): string {
  return [
    'global',
    '  maxconn 4000',
    '  log stderr local0 emerg',
    'defaults',
    '  mode tcp',
    '  timeout connect 1s',
    '  timeout client 6s',
    '  timeout server 6s',
    'frontend firewall',
    `  bind 0.0.0.0:${PROXY_PORT} transparent`,
    ...(firewall?.connection ?? []).map((line) => `  ${line}`),
    '  tcp-request inspect-delay 1200ms',
    ...(firewall?.content ?? []).map((line) => `  ${line}`),
    '  default_backend origin',
    'backend origin',
    '  source 0.0.0.0 usesrc clientip',
    // Where the client wanted to go.
    '  server origin 0.0.0.0',
    '',
  ].join('\n');
}

export function gatewayScript(plan: Plan): readonly string[] {
  const mapped = plan.publicAddresses;
  const insides = mapped.map(({ inside }) => inside).join(', ');
  return [
    ...SYSCTLS,
    ...FORWARDING,
    ...onFabric(FABRIC.gateway),
    `ip addr add ${OUTSIDE.gateway}/24 dev net`,
    `ip -6 addr add ${OUTSIDE.gateway6}/64 dev net nodad`,
    'ip link set net up',
    `ip route add default via ${OUTSIDE.internet} dev net`,
    `ip -6 route add default via ${OUTSIDE.internet6} dev net`,
    ...toSubnets(plan),
    ...nft([
      'table inet gateway {',
      '  chain forward {',
      '    type filter hook forward priority 0; policy drop;',
      '    ct state established,related accept',
      ...(mapped.length > 0 ? [`    iifname "fab" oifname "net" ip saddr { ${insides} } accept`, `    iifname "net" oifname "fab" ip daddr { ${insides} } accept`] : []),
      '    iifname "fab" oifname "net" meta nfproto ipv6 accept',
      ...(plan.acceptsIpv6 ? ['    iifname "net" oifname "fab" meta nfproto ipv6 accept'] : []),
      '  }',
      ...(mapped.length > 0
        ? [
            '  chain source {',
            '    type nat hook postrouting priority srcnat;',
            `    oifname "net" snat ip to ip saddr map { ${mapped.map(({ inside, outside }) => `${inside} : ${outside}`).join(', ')} }`,
            '  }',
            '  chain destination {',
            '    type nat hook prerouting priority dstnat;',
            `    iifname "net" dnat ip to ip daddr map { ${mapped.map(({ inside, outside }) => `${outside} : ${inside}`).join(', ')} }`,
            '  }',
          ]
        : []),
      '}',
    ]),
  ];
}

/** @param addresses everything on the internet that answers */
export function internetScript(addresses: readonly string[], authority: string): readonly string[] {
  return [
    ...SYSCTLS,
    ...[...new Set(addresses)].map((address) => `ip ${family(address)}addr add ${address}/${length(address)} dev lo`),
    `ip addr add ${OUTSIDE.internet}/24 dev net`,
    `ip -6 addr add ${OUTSIDE.internet6}/64 dev net nodad`,
    'ip link set net up',
    `ip addr add ${OUTSIDE.authorityLink}/24 dev dns`,
    'ip link set dns up',
    `ip route add default via ${OUTSIDE.gateway} dev net`,
    `ip -6 route add default via ${OUTSIDE.gateway6} dev net`,
    ...nft([
      'table inet answer {',
      '  chain answer {',
      '    type nat hook prerouting priority dstnat;',
      `    ip daddr ${authority} udp dport 53 return`,
      `    tcp dport != ${ECHO_PORT} redirect to :${ECHO_PORT}`,
      `    udp dport != ${ECHO_PORT} redirect to :${ECHO_PORT}`,
      '  }',
      '}',
    ]),
  ];
}

export function resolverScript(plan: Plan): readonly string[] {
  return [...SYSCTLS, ...onFabric(FABRIC.resolver), `ip addr add ${plan.dns.address}/32 dev lo`, `ip addr add ${OUTSIDE.resolverLink}/24 dev dns`, 'ip link set dns up', `ip route add default via ${OUTSIDE.authorityLink} dev dns`, ...toSubnets(plan)];
}

export function serviceScript(plan: Plan, address: string, index: number): readonly string[] {
  return [...SYSCTLS, ...onFabric(FABRIC.service(index)), `ip addr add ${address}/32 dev lo`, ...toSubnets(plan)];
}

export function metadataScript(plan: Plan): readonly string[] {
  return [...SYSCTLS, ...onFabric(FABRIC.metadata), `ip addr add ${INSTANCE_METADATA}/32 dev lo`, `ip addr add ${TASK_METADATA}/32 dev lo`, ...toSubnets(plan)];
}

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '../compile';
import { startAgent, type Agent } from './agent';
import { ip, nextPrefix, runIn } from './namespaces';
import { applianceScript, gatewayScript, hostScript, internetScript, metadataScript, proxyConfiguration, resolverScript, routerScript, serviceScript } from './scripts';

/** Servers on the internet of the range, by name. */
export interface Internet {
  /** Addresses that answer to everything with an echo. */
  readonly addresses: readonly string[];
  /** Addresses of names; every other name has `fallback`. */
  readonly names: Readonly<Record<string, string>>;
  readonly fallback: string;
  /** The name server of the internet. */
  readonly authority: string;
}

/** A zone that stands, in namespaces of its own. */
export interface World {
  readonly agent: Agent;
  /** The namespace of one interface of somebody. */
  hostOf(owner: string, subnet: string): string;
  readonly internet: string;
  close(): Promise<void>;
}

/** Builds the namespaces of a plan. Whatever happens from the first one on, they are removed: by `close`, or by the agent when this process ends. */
export async function buildWorld(plan: Plan, internet: Internet, atOnce = 64): Promise<World> {
  const prefix = nextPrefix();
  const folder = mkdtempSync(join(tmpdir(), 'range-'));
  const agent = startAgent(prefix, atOnce, folder);
  try {
    const layout = layOut(plan, prefix);
    makeNamespaces(layout);
    for (const { name, script } of scripts(plan, layout, internet)) runIn(name, script, folder);
    await startServices(plan, layout, internet, agent, folder);
    return {
      agent,
      internet: layout.internet,
      hostOf: (owner, subnet) => layout.hosts[plan.hosts.findIndex((host) => host.owner === owner && host.subnet === subnet)]!,
      close: () => agent.close(),
    };
  } catch (error) {
    await agent.close();
    throw error;
  }
}

interface Layout {
  readonly fabric: string;
  readonly internet: string;
  readonly gateway: string;
  readonly resolver: string;
  readonly metadata: string;
  readonly routers: readonly string[];
  readonly hosts: readonly string[];
  readonly appliances: readonly string[];
  readonly services: readonly string[];
  /** Pairs of namespaces that are connected, with the names of the interfaces at both ends. */
  readonly links: readonly { readonly from: string; readonly at: string; readonly to: string; readonly as: string }[];
}

function layOut(plan: Plan, prefix: string): Layout {
  const name = (kind: string, index?: number) => `${prefix}-${kind}${index ?? ''}`;
  const each = (kind: string, items: readonly unknown[]) => items.map((_, index) => name(kind, index));
  const single = { fabric: name('fabric'), internet: name('internet'), gateway: name('gateway'), resolver: name('resolver'), metadata: name('metadata') };
  const many = { routers: each('subnet', plan.subnets), hosts: each('host', plan.hosts), appliances: each('appliance', plan.appliances), services: each('service', plan.services) };
  const routerOf = (subnet: string) => many.routers[plan.subnets.findIndex(({ id }) => id === subnet)]!;
  const legs = [...many.routers, ...many.appliances, ...many.services, single.gateway, single.resolver, single.metadata];
  return {
    ...single,
    ...many,
    links: [
      ...legs.map((to, index) => ({ from: single.fabric, at: `leg${index}`, to, as: 'fab' })),
      ...plan.hosts.map(({ subnet }, index) => ({ from: routerOf(subnet), at: `h${index}`, to: many.hosts[index]!, as: 'eth0' })),
      ...plan.appliances.map(({ subnet }, index) => ({ from: routerOf(subnet), at: `a${index}`, to: many.appliances[index]!, as: 'out' })),
      { from: single.gateway, at: 'net', to: single.internet, as: 'net' },
      { from: single.resolver, at: 'dns', to: single.internet, as: 'dns' },
    ],
  };
}

function makeNamespaces(layout: Layout): void {
  const { links, fabric, routers, hosts, appliances, services, internet, gateway, resolver, metadata } = layout;
  ip([], [fabric, internet, gateway, resolver, metadata, ...routers, ...hosts, ...appliances, ...services].map((name) => `netns add ${name}`));
  const byOrigin = new Map<string, string[]>([[fabric, ['link add br0 type bridge', 'link set br0 up']]]);
  for (const { from, at, to, as } of links) {
    const commands = byOrigin.get(from) ?? [];
    commands.push(`link add ${at} type veth peer name ${as} netns ${to}`);
    if (from === fabric) commands.push(`link set ${at} master br0 up`);
    byOrigin.set(from, commands);
  }
  for (const [name, commands] of byOrigin) ip(['-n', name], commands);
}

function scripts(plan: Plan, layout: Layout, internet: Internet): readonly { readonly name: string; readonly script: readonly string[] }[] {
  return [
    ...plan.subnets.map((subnet, index) => ({
      name: layout.routers[index]!,
      script: routerScript(plan, subnet, [
        ...plan.hosts.flatMap((host, at) => (host.subnet === subnet.id ? [{ link: `h${at}`, addresses: host.addresses }] : [])),
        ...plan.appliances.flatMap((appliance, at) => (appliance.subnet === subnet.id ? [{ link: `a${at}`, addresses: [appliance.address] }] : [])),
      ]),
    })),
    ...plan.hosts.map((host, index) => ({ name: layout.hosts[index]!, script: hostScript(plan, host) })),
    ...plan.appliances.map((appliance, index) => ({ name: layout.appliances[index]!, script: applianceScript(plan, appliance, index) })),
    ...plan.services.map(({ address }, index) => ({ name: layout.services[index]!, script: serviceScript(plan, address, index) })),
    { name: layout.gateway, script: gatewayScript(plan) },
    { name: layout.internet, script: internetScript([...internet.addresses, internet.authority], internet.authority) },
    { name: layout.resolver, script: resolverScript(plan) },
    { name: layout.metadata, script: metadataScript(plan) },
  ];
}

const ICMP = 1;
/** Protocols of IP that somebody outside listens to: 6in4 and GRE. */
const RAW_PROTOCOLS = [41, 47];

async function startServices(plan: Plan, layout: Layout, internet: Internet, agent: Agent, folder: string): Promise<void> {
  const { resolver } = layout;
  const firewalls = plan.appliances.flatMap((appliance, index) => (appliance.kind === 'firewall' ? [{ appliance, name: layout.appliances[index]! }] : []));
  for (const { appliance, name } of firewalls) {
    const file = join(folder, `${name}.cfg`);
    writeFileSync(file, proxyConfiguration(appliance));
    await agent.start(name, ['haproxy', '-db', '-q', '-f', file]);
  }
  await agent.start(resolver, ['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--no-resolv', '--no-hosts', '--cache-size=0', '--dns-forward-max=1000', '--user=root', '--port=5353', '--listen-address=127.0.0.1', '--bind-interfaces', `--server=${internet.authority}`]);
  await agent.listen(layout.internet, { kind: 'echo' });
  await agent.listen(layout.internet, { kind: 'raw', protocols: RAW_PROTOCOLS });
  await agent.listen(layout.internet, { kind: 'authority', address: internet.authority, names: internet.names, fallback: internet.fallback });
  if (plan.dns.enabled) {
    const learn = firewalls.filter(({ appliance }) => appliance.firewall?.resolvedOnly).map(({ name }) => name);
    await agent.listen(resolver, { kind: 'dns-firewall', address: plan.dns.address, rules: plan.dns.rules, failsOpen: plan.dns.failsOpen, learn });
  }
  await agent.listen(layout.metadata, { kind: 'metadata' });
  for (const [index, { name, policy }] of plan.services.entries()) await agent.listen(layout.services[index]!, { kind: 'service', port: 443, service: name, policy });
  for (const [index, { service }] of plan.hosts.entries()) {
    await agent.listen(layout.hosts[index]!, { kind: 'echo' });
    await agent.listen(layout.hosts[index]!, { kind: 'raw', protocols: [ICMP] });
    if (service) await agent.listen(layout.hosts[index]!, { kind: 'service', port: 443, service: service.name, policy: service.policy });
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  await agent.assertAlive();
}

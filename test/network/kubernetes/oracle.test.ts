import fc from 'fast-check';
import { parseAddress } from '../../../network/address';
import { trace } from '../../../network/trace';
import { readCluster, type Manifest } from '../../../network';
import { deployment, namespace, policy } from './load';
import { arrives, type End } from './oracle';

const NAMESPACES = ['red', 'blue', 'green'];
const PORT_NAMES = ['web', 'api'];
const NUMBERS = { TCP: 6, UDP: 17, SCTP: 132 } as const;

const labels = fc.record({ app: fc.constantFrom('x', 'y'), tier: fc.constantFrom('1', '2') }, { requiredKeys: [] });
const expression = fc.oneof(
  fc.record({ key: fc.constantFrom('app', 'tier'), operator: fc.constantFrom('In', 'NotIn'), values: fc.subarray(['x', 'y', '1', '2'], { minLength: 1 }) }),
  fc.record({ key: fc.constantFrom('app', 'tier'), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);
const selector = fc.oneof({ arbitrary: fc.constant({}), weight: 2 }, { arbitrary: fc.record({ matchLabels: labels }), weight: 3 }, { arbitrary: fc.record({ matchLabels: labels, matchExpressions: fc.array(expression, { minLength: 1, maxLength: 2 }) }), weight: 2 });
const namespaceSelector = fc.oneof(selector, fc.constantFrom(...NAMESPACES).map((name) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })));
const block = fc.constantFrom(
  { cidr: '0.0.0.0/0' },
  { cidr: '10.0.0.0/8' },
  { cidr: '10.0.0.0/30' },
  { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] },
  { cidr: '10.0.0.0/8', except: ['10.0.0.2/31', '10.0.0.4/32'] },
  { cidr: '203.0.113.0/24', except: ['203.0.113.128/25'] },
);
const peer = fc.oneof(
  { arbitrary: selector.map((podSelector) => ({ podSelector })), weight: 3 },
  { arbitrary: namespaceSelector.map((one) => ({ namespaceSelector: one })), weight: 3 },
  { arbitrary: fc.record({ namespaceSelector, podSelector: selector }), weight: 3 },
  { arbitrary: block.map((ipBlock) => ({ ipBlock })), weight: 2 },
);
const numbered = fc.oneof(
  fc.record({ port: fc.constantFrom(80, 443, 8080) }),
  fc.record({ protocol: fc.constantFrom('TCP', 'UDP', 'SCTP'), port: fc.constantFrom(80, 443, 8080) }),
  fc.record({ port: fc.constantFrom(80, 443), endPort: fc.constantFrom(443, 9000) }),
  fc.record({ protocol: fc.constantFrom('TCP', 'UDP') }),
);
const named = fc.record({ port: fc.constantFrom(...PORT_NAMES), protocol: fc.constantFrom('TCP', 'UDP') });
const many = <T>(one: fc.Arbitrary<T>) => fc.option(fc.array(one, { maxLength: 3 }), { nil: undefined });
const ruleOf = (side: 'from' | 'to') =>
  fc
    .record({ peers: many(peer), ports: many(fc.oneof({ arbitrary: numbered, weight: 3 }, { arbitrary: named, weight: 1 })) })
    // By the name of a port in addresses, plugins mean different things, and the engine means all of them.
    .filter(({ peers, ports }) => side === 'from' || !(peers ?? []).some((one) => 'ipBlock' in one) || !(ports ?? []).some(({ port }: any) => typeof port === 'string'))
    .map(({ peers, ports }) => ({ ...(peers && { [side]: peers }), ...(ports && { ports }) }));
const spec = fc.record({ podSelector: selector, policyTypes: fc.option(fc.subarray(['Ingress', 'Egress']), { nil: undefined }), ingress: many(ruleOf('from')), egress: many(ruleOf('to')) }, { requiredKeys: ['podSelector'] });
const containerPort = fc.record({ name: fc.constantFrom(...PORT_NAMES), containerPort: fc.constantFrom(80, 443, 8080), protocol: fc.constantFrom('TCP', 'UDP') });
const pod = fc.record({ namespace: fc.constantFrom(...NAMESPACES), labels, ports: fc.uniqueArray(containerPort, { maxLength: 2, selector: ({ name }) => name }) });
const world = fc.record({
  namespaces: fc.tuple(labels, labels, labels),
  pods: fc.array(pod, { minLength: 2, maxLength: 4 }),
  policies: fc.array(fc.record({ namespace: fc.constantFrom(...NAMESPACES), spec }), { maxLength: 5 }),
});

describe('NET-2 the engine and a word-by-word reading of the policies agree', () => {
  it('on every packet between pods, and between pods and addresses', () => {
    let delivered = 0;
    let dropped = 0;
    fc.assert(
      fc.property(world, ({ namespaces, pods, policies }) => {
        const manifests: readonly Manifest[] = [
          ...NAMESPACES.map((name, index) => namespace(name, namespaces[index])),
          ...pods.map(({ namespace: inNamespace, labels: own, ports }, index) => deployment(inNamespace, `pod-${index}`, own, ports)),
          ...policies.map(({ namespace: inNamespace, spec: given }, index) => policy(inNamespace, `policy-${index}`, JSON.parse(JSON.stringify(given)))),
        ];
        const network = readCluster(manifests);
        const subnet = network.subnets[0]!;
        const ends: readonly End[] = [...pods.map((one, index) => ({ pod: one, address: `10.0.0.${index + 1}` })), ...['10.0.0.77', '203.0.113.5', '203.0.113.200', '198.51.100.10'].map((address) => ({ address }))];
        const placementOf = (end: End) => network.parties.find(({ name }) => name.endsWith(`/pod-${ends.indexOf(end)}`))?.placement;
        for (const from of ends.filter((end) => end.pod)) {
          for (const to of ends.filter((end) => end !== from)) {
            for (const [protocol, number] of Object.entries(NUMBERS) as [keyof typeof NUMBERS, number][]) {
              for (const port of [80, 443, 444, 8080]) {
                const there = placementOf(to);
                const expected = arrives(manifests, { from, to, protocol, port });
                const { delivered: predicted } = trace(network, {
                  from: { kind: 'interface', placement: placementOf(from)!, subnet, address: parseAddress(from.address)! },
                  destination: parseAddress(to.address)!,
                  ...(there && { to: { placement: there, subnet } }),
                  protocol: number,
                  port,
                  application: { kind: 'raw' },
                  resolved: false,
                });
                if (expected) delivered++;
                else dropped++;
                if (predicted !== expected) throw new Error(`${JSON.stringify({ from, to, protocol, port })}: the engine says ${predicted}`);
              }
            }
          }
        }
      }),
      { numRuns: 300 },
    );
    // Neither side is trivially right.
    expect(Math.min(delivered, dropped)).toBeGreaterThan(5_000);
  });
});

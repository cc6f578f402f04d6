import { App } from 'aws-cdk-lib';
import { addModel } from '../../bin/models';
import { cents, costsAtRest, pageOf, rowOf, sumUpTo, type CostRow } from './costs';
import { HOURS, quantitiesOf, type Quantities } from './quantities';
import { recommended } from './validated-app';

jest.setTimeout(180_000);

/** What a row of a table has to be. */
interface Expected {
  readonly dollars: number;
  /** What stands in its name or in how it comes about. */
  readonly says: readonly string[];
}

const MONTH_SECONDS = HOURS * 3_600;
const hours = (dollars: number) => dollars * HOURS;

function quantities(model: string, egress = 'api.example.com'): Quantities {
  const app = new App({ context: { ...recommended, model, egress }, analyticsReporting: false });
  addModel(app);
  return quantitiesOf(app);
}

const eyesOf = ({ dashboards, contributorRules, metrics }: Quantities): Expected => ({
  dollars: 3 * dashboards + 0.5 * contributorRules + 0.3 * metrics,
  says: [`3.00 each of ${dashboards}, 0.50 each of ${contributorRules}, 0.30 each of ${metrics}`],
});
const alarmsOf = ({ alarms: { fixed, unusual, joined } }: Quantities): Expected => ({
  dollars: 0.1 * fixed + 0.3 * unusual + 0.5 * joined,
  says: [`0.10 each of ${fixed} metrics, 0.30 each of ${unusual} on the unusual, 0.50 each of ${joined} of several`],
});
const shieldOf = ({ rules }: Quantities): Expected => ({ dollars: 5 + rules, says: [`1.00 for each of ${rules} rules`] });
const schedulesOf = ({ hourly, quarterly, discoverySteps }: Quantities): Expected => ({
  dollars: (hourly * discoverySteps * 0.025) / 1_000 + (quarterly * 0.15) / 10_000,
  says: [`${hourly} runs of a workflow`, `of ${discoverySteps} step${discoverySteps === 1 ? '' : 's'} at 0.025 a thousand`, `${quarterly.toLocaleString('en')} signatures at 0.15 for 10,000`],
});
const keysOf = ({ keys, secrets, hostedZones }: Quantities): Expected => ({ dollars: keys + 0.4 * secrets + 0.5 * hostedZones, says: [`${keys} keys, secret, hosted zone`] });
const endpointsOf = ({ endpoints, endpointNetworks }: Quantities): Expected => ({ dollars: hours(0.01) * endpointNetworks, says: [`${endpoints} interface endpoints`, '0.01 an hour and zone'] });
const balancersOf = ({ balancers }: Quantities): Expected => ({ dollars: hours(0.0225) * balancers, says: ['0.0225 an hour'] });
const firewallsOf = ({ firewalls }: Quantities): Expected => ({ dollars: hours(0.395) * firewalls, says: [`${firewalls} firewall endpoints`, '0.395 an hour'] });
const natsOf = ({ nats }: Quantities): Expected => ({ dollars: hours(0.045 + 0.005) * nats, says: [`${nats} NAT gateways`, '0.045 and 0.005 an hour'] });
const nodesOf = (nodes: number) => nodes * (hours(0.0816) + 34 * 0.08 + 2.1);

/** Each row in its order, of the stack with egress and of the one without; what watches is that of the first in all of them. */
const MODELS: Readonly<Record<string, (open: Quantities, closed: Quantities) => Readonly<Record<string, Expected>>>> = {
  gateway: (open) => ({
    'AWS WAF': shieldOf(open),
    keys: { dollars: open.keys, says: [`1.00 each of ${open.keys}:`] },
    secret: { dollars: 0.4 * open.secrets, says: [] },
    alarms: alarmsOf(open),
    'dashboard, contributor rules, metrics': eyesOf(open),
    'servers asked every hour': schedulesOf(open),
    'tables, functions, queues, workflows': { dollars: open.provisioned, says: ['on demand'] },
  }),
  zone: (open, closed) => ({
    [`${closed.endpoints} interface endpoints`]: endpointsOf(closed),
    [`${closed.tasks} Fargate tasks`]: { dollars: closed.tasks * hours(0.25 * 0.03238 + 0.5 * 0.00356), says: ['0.25 vCPU and 512 MiB, ARM', '0.03238 a vCPU-hour, 0.00356 a GB-hour'] },
    'load balancer': balancersOf(closed),
    'AWS WAF': shieldOf(closed),
    [`${closed.keys} keys`]: keysOf(closed),
    alarms: alarmsOf(open),
    'dashboard, contributor rules, metrics': eyesOf(open),
    'servers asked every hour': schedulesOf(closed),
    [`${open.firewalls} firewall endpoints`]: firewallsOf(open),
    [`${open.nats} NAT gateways`]: natsOf(open),
    'TLS inspection': { dollars: hours(0.489) * open.firewalls, says: ['0.489 an hour and endpoint'] },
  }),
  cluster: (open, closed) => ({
    'control plane': { dollars: hours(0.1) * closed.clusters, says: ['0.10 an hour'] },
    [`${closed.nodes} nodes, m7g.large`]: { dollars: hours(0.0816) * closed.nodes, says: ['0.0816 an hour'] },
    [`their disks, ${closed.nodeDisks.join()} GB each`]: { dollars: 0.08 * closed.nodeDisks[0]! * closed.nodes, says: ['0.08 a GB'] },
    'their detailed monitoring': { dollars: 2.1 * closed.nodes, says: ['2.10 a node'] },
    [`${closed.endpoints} interface endpoints`]: endpointsOf(closed),
    'whom to block, read by 2 pods': { dollars: (2 * 4 * MONTH_SECONDS * 0.125) / 1e6, says: ['4 reads a second each; 0.125 a million'] },
    'load balancer': balancersOf(closed),
    'AWS WAF': shieldOf(closed),
    'the registry, read by 2 pods': { dollars: (2 * 2 * MONTH_SECONDS * 0.125) / 1e6, says: ['2 reads a second each'] },
    [`${closed.keys} keys`]: keysOf(closed),
    alarms: alarmsOf(open),
    'dashboard, contributor rules, metrics': eyesOf(open),
    'tools scanned every hour': schedulesOf(closed),
    [`${open.nodes - closed.nodes} nodes more`]: { dollars: nodesOf(open.nodes - closed.nodes), says: ['with disks and monitoring'] },
    [`${open.firewalls} firewall endpoints`]: firewallsOf(open),
    [`${open.nats} NAT gateways`]: natsOf(open),
    'GuardDuty runtime monitoring': { dollars: 1.5 * 2 * closed.nodes, says: [`1.50 a vCPU, ${2 * closed.nodes} of them without egress`] },
  }),
};

const isSum = ({ name }: CostRow) => name.startsWith('**');

describe.each([
  ['gateway', ['the reference stack']],
  ['zone', ['without egress', 'with egress']],
  ['cluster', ['without egress', 'with egress']],
])('what %s.md says that a month at rest costs', (model, totals) => {
  const [open, closed] = [quantities(model), quantities(model, 'none')];
  const expected = MODELS[model]!(open, closed);
  const rows = costsAtRest(`${model}.md`);

  test('has no row but those that are counted here', () => {
    expect(rows.filter((row) => !isSum(row)).map(({ name }) => Object.keys(expected).find((start) => name.startsWith(start)))).toEqual(Object.keys(expected));
  });

  test.each(Object.keys(expected))('counts %s in the templates', (start) => {
    const { name, dollars, how } = rowOf(rows, start);
    for (const text of expected[start]!.says) expect(`${name} | ${how}`).toContain(text);
    expect(dollars).toBe(cents(expected[start]!.dollars));
  });

  test('adds up', () => {
    for (const total of totals) expect(sumUpTo(rows, total)).toBe(rowOf(rows, total).dollars);
  });

  test('is of tasks and nodes as they are, and leaves nothing provisioned out', () => {
    const { taskSizes, nodeTypes, watchedNodes, provisioned } = open;
    expect({ taskSizes, nodeTypes, watchedNodes, provisioned }).toEqual({ taskSizes: model === 'zone' ? ['256 512 ARM64'] : [], nodeTypes: model === 'cluster' ? ['m7g.large'] : [], watchedNodes: true, provisioned: 0 });
  });

  test('goes on with what a million calls cost, which adds up', () => {
    const calls = costsAtRest(`${model}.md`, 'a million calls, 10 KB each');
    expect(sumUpTo(calls, 'together')).toBe(rowOf(calls, 'together').dollars);
  });
});

test('the cluster is compared with the zone as the tables have them', () => {
  const of = (model: string) => ({ rest: rowOf(costsAtRest(`${model}.md`), 'without egress').dollars, calls: rowOf(costsAtRest(`${model}.md`, 'a million calls, 10 KB each'), 'together').dollars });
  const [cluster, zone] = [of('cluster'), of('zone')];
  const page = pageOf('cluster.md');
  expect(page).toContain(`(${Math.round(cluster.rest)} to ${Math.round(zone.rest)})`);
  expect(page).toContain(`(${cluster.calls.toFixed(2)} to ${zone.calls.toFixed(2)})`);
  expect(page).toContain(`from about ${Math.round((cluster.rest - zone.rest) / (zone.calls - cluster.calls))} million calls a month on`);
});

test('observability.md says what all of its eyes cost at most, and counts them', () => {
  const counted = ['gateway', 'zone', 'cluster'].map((model) => quantities(model));
  const rows = costsAtRest('observability.md');
  const most = (of: (one: Quantities) => number) => Math.max(...counted.map(of));
  const least = (of: (one: Quantities) => number) => Math.min(...counted.map(of));
  expect(rowOf(rows, 'dashboard')).toMatchObject({ dollars: 3 * most(({ dashboards }) => dashboards) });
  const rules = most(({ contributorRules }) => contributorRules);
  expect(rowOf(rows, 'contributor rules')).toMatchObject({ dollars: 0.5 * rules, how: expect.stringContaining(`0.50 each of ${rules},`) });
  const metrics = most((one) => one.metrics);
  expect(rowOf(rows, 'metrics')).toMatchObject({ dollars: cents(0.3 * metrics), how: expect.stringContaining(`0.30 each of ${least((one) => one.metrics)} to ${metrics},`) });
  const { endpointNetworks, endpoints } = counted[1]!;
  expect(rowOf(rows, 'endpoint of KMS')).toMatchObject({ dollars: cents((hours(0.01) * endpointNetworks) / endpoints) });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { CfnAlarm, CfnCompositeAlarm, CfnDashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';
import { addModel } from '../../bin/models';
import { cents } from './costs';
import { alarmsIn } from './quantities';
import { recommended } from './validated-app';

const PAGE = readFileSync(join(__dirname, '..', '..', 'docs', 'observability.md'), 'utf8');
const HEADING = '| metric | alarms | graph | models |\n|---|---|---|---|\n';
const EYES = /\/(Monitoring|ThreatDetection)\//;
/** What else has alarms of its own. */
const OTHERS = /\/(Tools|Grants|Response)\//;

/** Metrics that a value of a template names, in a definition, a query, a search, a rule or a graph. */
function metricsIn(construct: IConstruct, value: unknown): string[] {
  const text = JSON.stringify(Stack.of(construct).resolve(value)).replaceAll('\\', '');
  return [/"metricName":"([^"]+)"/g, /INSIGHT_RULE_METRIC\([^)]*?-(\w+)"/g, /SELECT \w+\((\w+)\)/g, /MetricName="(\w+)"/g, /\["(?:AWS|McpZeroTrust)\/[^"]*","([\w.]+)"/g]
    .flatMap((pattern) => [...text.matchAll(pattern)].map(([, name]) => name!));
}

/** As the template has them. */
function definitionsOf(alarm: CfnAlarm): readonly object[] {
  const metrics = (Stack.of(alarm).resolve(alarm.metrics) ?? []) as readonly { readonly metricStat?: object }[];
  return metrics.map(({ metricStat }) => ({ MetricStat: metricStat }));
}

/** What of a reference stack is looked at, and by which alarms. Those of others are named with what they are in. */
function watchingOf(model: string) {
  const app = new App({ context: { ...recommended, model }, analyticsReporting: false });
  addModel(app);
  const constructs = app.node.findAll();
  const alarms = constructs.filter((construct) => construct instanceof CfnAlarm);
  const watched = alarms.flatMap((alarm) => {
    const { path, scope } = alarm.node;
    const id = EYES.test(path) ? scope!.node.id : `${OTHERS.exec(path)![1]!.toLowerCase()}: ${scope!.node.id.replace(/Alarm$/, '')}`;
    return metricsIn(alarm, [{ metricName: alarm.metricName }, alarm.metrics]).map((metric) => ({ metric, id }));
  });
  const ofEyes = alarms.filter(({ node }) => EYES.test(node.path));
  const joined = constructs.filter((construct) => construct instanceof CfnCompositeAlarm).length;
  return {
    model, watched,
    graphs: new Set(constructs.filter((construct) => construct instanceof CfnDashboard).flatMap((dashboard) => metricsIn(dashboard, dashboard.dashboardBody))),
    counts: alarmsIn(ofEyes.map((alarm) => ({ ThresholdMetricId: alarm.thresholdMetricId, Metrics: definitionsOf(alarm) })), joined),
  };
}

const all = ['gateway', 'zone', 'cluster'].map(watchingOf);

test('LOG-3 TB-4 the documentation says of every metric which alarms are on it, whether it is drawn, and in which models', () => {
  const metrics = [...new Set(all.flatMap(({ watched, graphs }) => [...watched.map(({ metric }) => metric), ...graphs]))].sort();
  const rows = metrics.map((metric) => {
    const ids = new Set(all.flatMap(({ watched }) => watched.filter((each) => each.metric === metric).map(({ id }) => id)));
    const models = all.filter(({ watched, graphs }) => graphs.has(metric) || watched.some((each) => each.metric === metric)).map(({ model }) => model);
    return `| \`${metric}\` | ${[...ids].sort().join(', ')} | ${all.some(({ graphs }) => graphs.has(metric)) ? 'yes' : ''} | ${models.length === all.length ? 'all' : models.join(', ')} |\n`;
  });
  const start = PAGE.indexOf(HEADING) + HEADING.length;
  expect(PAGE.slice(start, PAGE.indexOf('\n\n', start) + 1)).toBe(rows.join(''));
});

test('LOG-3 the costs of the documentation count the alarms that the reference stacks have', () => {
  const [, dollars, fewest, most, unusual, joined] = /\| alarms \| ([\d.]+) \| 0\.10 each of (\d+) to (\d+) metrics, 0\.30 each of (\d+) on the unusual, 0\.50 each of (\d+) of several/.exec(PAGE)!.map(Number);
  const fixed = all.map(({ counts }) => counts.fixed);
  expect([Math.min(...fixed), Math.max(...fixed)]).toEqual([fewest, most]);
  for (const { counts } of all) expect(counts).toMatchObject({ unusual, joined });
  expect(dollars).toBe(cents(0.1 * most! + 0.3 * unusual! + 0.5 * joined!));
});

test.each([
  ['response', /alarms on (\d+) metrics: about ([\d.]+) dollars/, 2],
  ['grants', /alarms on (\d+) metrics/, undefined],
])('the costs of %s.md count the metrics that its alarms are on', (page, sentence, besides) => {
  const [, metrics, dollars] = sentence.exec(readFileSync(join(__dirname, '..', '..', 'docs', `${page}.md`), 'utf8'))!.map(Number);
  for (const { watched } of all) expect(watched.filter(({ id }) => id.startsWith(`${page}: `))).toHaveLength(metrics!);
  if (besides !== undefined) expect(dollars).toBe(cents(besides + 0.1 * metrics!));
});

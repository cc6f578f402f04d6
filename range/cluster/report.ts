import { conclude, table, type Goal } from '../../bench/report';
import type { TriedCluster } from './index';
import { PROBES } from './probes';

export function printClusters(tried: readonly TriedCluster[]): void {
  const rows = tried.map(({ name, agreement: { cells, attempts, delivered, disagreements } }) => [name, String(cells), String(attempts), String(delivered), String(disagreements.length)]);
  console.log(table('NetworkPolicies: prediction and kernel', ['cluster', 'cells', 'attempts', 'got through', 'disagreements'], rows));
  for (const { name, agreement, unprobed } of tried) {
    for (const { cell, attempt, predicted, happened } of agreement.disagreements.slice(0, 20)) console.log(`${name}: ${cell}: ${attempt}: predicted that it ${predicted}, and it ${happened}`);
    if (agreement.notTried.length > 0) console.log(`${name}: not tried, as nobody knows their labels: ${agreement.notTried.join(', ')}`);
    if (unprobed.length > 0) console.log(`${name}: the kubelet does not reach ${unprobed.join(', ')}`);
  }
  const compromised = tried.filter(({ outcomes }) => outcomes.length > 0);
  const outcomes = PROBES.map(({ name, control = '' }, index) => [name, control, ...compromised.map((cluster) => (cluster.outcomes[index]!.through ? (control === '' ? 'through' : 'THROUGH') : 'stopped'))]);
  console.log(table('What a compromised server reaches that declared nothing', ['', 'control', ...compromised.map(({ name }) => name)], outcomes));
  for (const { name, why } of PROBES) if (why !== undefined) console.log(`${name} gets through: ${why}.`);
}

/** The first cluster is the one without policies: what does not work there shows nothing. */
export function concludeClusters(tried: readonly TriedCluster[], smoke: boolean): void {
  const [flat, ...walled] = tried.filter(({ outcomes }) => outcomes.length > 0);
  const disagreements = tried.reduce((sum, { agreement }) => sum + agreement.disagreements.length, 0);
  const through = walled.flatMap(({ outcomes }) => outcomes).filter((outcome) => outcome.through && outcome.probe.control !== undefined);
  const unprobed = tried.reduce((sum, cluster) => sum + cluster.unprobed.length, 0);
  const goals: readonly Goal[] = [
    { name: 'attempts on which prediction and kernel disagree', value: disagreements, limit: 0, direction: 'at most' },
    { name: 'probes that work without policies', value: flat!.outcomes.filter((outcome) => outcome.through).length, limit: PROBES.length, direction: 'at least' },
    { name: 'probes that a policy can stop, and that got through', value: through.length, limit: 0, direction: 'at most' },
    { name: 'pods that the kubelet of their node does not reach', value: unprobed, limit: 0, direction: 'at most' },
  ];
  // A short run measures nothing, but what it tried has to hold.
  if (disagreements + through.length + unprobed > 0) process.exitCode = 1;
  conclude({
    bench: 'range-cluster',
    goals,
    smoke,
    figures: {
      agreement: tried.map(({ name, agreement }) => ({ cluster: name, ...agreement })),
      probes: PROBES.map(({ name, control }, index) => ({ name, control, through: Object.fromEntries([flat!, ...walled].map((cluster) => [cluster.name, cluster.outcomes[index]!.through])) })),
    },
  });
}

import { conclude, table, type Goal } from '../bench/report';
import { percent, wilson, type Share } from '../bench/poisoning/statistics';
import type { Tried } from './index';
import { TECHNIQUES } from './trial';

/** The share of command-and-control channels that the article this project follows says are stopped. */
const FLOOR = 0.83;
const TARGET = 0.97;

export function printAgreement(tried: readonly Tried[]): void {
  const rows = tried.map(({ name, agreement: { cells, attempts, delivered, disagreements } }) => [name, String(cells), String(attempts), String(delivered), String(disagreements.length)]);
  console.log(table('Prediction and kernel', ['network', 'cells', 'attempts', 'got through', 'disagreements'], rows));
  for (const { name, agreement } of tried) {
    for (const { cell, attempt, predicted, happened } of agreement.disagreements.slice(0, 20)) console.log(`${name}: ${cell}: ${attempt}: predicted that it ${predicted}, and it ${happened}`);
    if (agreement.notTried.length > 0) console.log(`${name}: not tried: ${agreement.notTried.join(', ')}`);
  }
}

/** The first network is the one that nobody thought about; the others are measured against it. */
export function printTrial(tried: readonly Tried[]): void {
  const [flat, ...zones] = tried;
  const rows = TECHNIQUES.map((technique, index) => [
    String(index + 1),
    technique.name,
    technique.attack,
    technique.saf,
    flat!.outcomes[index]!.through.length > 0 ? 'through' : 'stopped',
    ...zones.map(({ outcomes }) => (outcomes[index]!.through.length > 0 ? 'THROUGH' : 'stopped')),
  ]);
  console.log(table('Command and control from a compromised workload', ['#', 'technique', 'ATT&CK', 'SAF-MCP', ...tried.map(({ name }) => name)], rows));
  console.log(table('Channels', ['network', 'established', 'of', 'reduction', '95 % interval'], summaryRows(tried)));
  const left = zones.flatMap(({ name, outcomes }) => outcomes.filter(({ through }) => through.length > 0).map(({ technique }) => ({ name, technique })));
  for (const { name, technique } of left) {
    console.log(`${name}: ${technique.name} still gets through${technique.owner ? `: ${technique.owner.why}. It belongs to: ${technique.owner.control}.` : ', and a network could stop it.'}`);
  }
}

function summaryRows(tried: readonly Tried[]): readonly (readonly string[])[] {
  const base = established(tried[0]!);
  return tried.map((network, index) => {
    const count = [...established(network)].filter((name) => base.has(name)).length;
    const share = wilson(base.size - count, base.size);
    return [network.name, String(count), String(base.size), index === 0 ? '' : `${(share.share * 100).toFixed(1)} %`, index === 0 ? '' : interval(share)];
  });
}

function interval({ low, high }: Share): string {
  return `${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)} %`;
}

/** Techniques that get through. */
function established({ outcomes }: Tried): ReadonlySet<string> {
  return new Set(outcomes.filter(({ through }) => through.length > 0).map(({ technique }) => technique.name));
}

export function concludeRange(tried: readonly Tried[], smoke: boolean): void {
  const [flat, ...zones] = tried;
  const base = established(flat!);
  const outcomes = zones.flatMap((zone) => TECHNIQUES.filter(({ name }) => base.has(name)).map((technique) => ({ technique, through: established(zone).has(technique.name) })));
  const stopped = wilson(outcomes.filter(({ through }) => !through).length, outcomes.length);
  const stoppable = outcomes.filter(({ technique }) => technique.owner === undefined);
  const disagreements = tried.reduce((sum, { agreement }) => sum + agreement.disagreements.length, 0);
  const worst = Math.min(...zones.map((zone) => 1 - [...established(zone)].filter((name) => base.has(name)).length / base.size));
  const goals: readonly Goal[] = [
    { name: 'attempts on which prediction and kernel disagree', value: disagreements, limit: 0, direction: 'at most' },
    { name: 'techniques tried', value: TECHNIQUES.length, limit: 30, direction: 'at least' },
    { name: 'techniques that work in the flat network', value: base.size, limit: TECHNIQUES.length, direction: 'at least' },
    { name: 'techniques that a network can stop, and that got through', value: stoppable.filter(({ through }) => through).length, limit: 0, direction: 'at most' },
    { name: 'channels stopped, both zones', value: stopped.share * 100, limit: TARGET * 100, direction: 'at least', unit: '%' },
    { name: 'channels stopped, the zone that stops fewer (floor)', value: worst * 100, limit: FLOOR * 100, direction: 'at least', unit: '%' },
  ];
  // A short run measures nothing, but what it tried has to agree.
  if (disagreements > 0) process.exitCode = 1;
  conclude({
    bench: 'range',
    goals,
    smoke,
    figures: {
      agreement: tried.map(({ name, agreement }) => ({ network: name, ...agreement })),
      stopped: { ...stopped, text: percent(stopped) },
      techniques: TECHNIQUES.map(({ name, attack, saf, owner }, index) => ({ name, attack, saf, stoppable: owner === undefined, through: Object.fromEntries(tried.map((network) => [network.name, network.outcomes[index]!.through])) })),
    },
  });
}

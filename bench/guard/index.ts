/** `npm run bench:guard`: what the guard catches and what it takes for an attack, on sources that its model has not seen; what it costs. `--smoke` for a short run. */
import { parseArgs } from 'node:util';
import { detectContent, CONTENT_REJECT } from '../../lambda/detection';
import { BUILT_IN, createServerGuard, findPayloads, noteOf, scannerOf, type DataClass } from '../../lambda/guard';
import type { JsonObject } from '../../lambda/protocol';
import { localTexts } from '../../training/content/local-texts';
import { DEFAULT_CORPUS, readTexts } from '../../training/content/corpus';
import { Random } from '../../training/random';
import { falsePositivesAbove, recallAbove, thresholdAt, wilson, type Share } from '../poisoning/statistics';
import { conclude, table, type Goal } from '../report';
import { measureCost } from './cost';
import { FAKES } from './fakes';
import { scoreUnseen, type Unseen } from './injections';
import { recordTraffic } from './traffic';

const { values } = parseArgs({ options: { smoke: { type: 'boolean', default: false }, data: { type: 'string', default: DEFAULT_CORPUS } } });
const smoke = values.smoke;
const goals: Goal[] = [];
const figures: Record<string, unknown> = {};

const percent = ({ share, low, high, of }: Share) => (of === 0 ? '-' : `${(100 * share).toFixed(1)} (${(100 * low).toFixed(1)}-${(100 * high).toFixed(1)})`);

function injections(): void {
  for (const by of ['source', 'family'] as const) {
    const unseen = scoreUnseen(by, values.data);
    if (unseen === undefined) {
      console.log(`\nNo labelled texts at ${values.data}: recall on unseen ${by === 'source' ? 'sources' : 'families'} is not measured. Give their place with --data.`);
      continue;
    }
    const results = judged(unseen.filter(({ text }) => text.kind === 'tool_result'));
    const threshold = thresholdAt(0.01, results);
    const rows = rowsBy(unseen, ({ text }) => `${text.kind}  ${text.source}`);
    console.log(table(`Orders in results and prompts, each judged by a model without its ${by}; threshold of 1 % of honest results`, ['kind and source', 'attacks', 'honest', 'caught % (95 %)', 'false alarms % (95 %)'], rows.map(([name, group]) => {
      const of = judged(group);
      return [name, String(of.filter(({ malicious }) => malicious).length), String(of.filter(({ malicious }) => !malicious).length), percent(recallAbove(threshold, of)), percent(falsePositivesAbove(threshold, of))];
    })));
    const attacks = rowsBy(unseen.filter(({ text }) => text.malicious && text.kind === 'tool_result'), ({ text }) => text.attack ?? '-');
    console.log(table(`The same by kind of attack, held out by ${by}`, ['attack', 'attacks', 'caught % (95 %)'], attacks.map(([name, group]) => [name, String(group.length), percent(recallAbove(threshold, judged(group)))])));
    const caught = recallAbove(threshold, results);
    const alarms = falsePositivesAbove(threshold, results);
    figures[`injections_by_${by}`] = { caught, alarms, threshold, bySource: Object.fromEntries(rows.map(([name, group]) => [name, recallAbove(threshold, judged(group))])) };
    goals.push({ name: `injected results caught at 1 % false alarms, unseen ${by}`, value: 100 * caught.share, limit: 90, direction: 'at least', unit: '%' });
  }
}

function judged(unseen: readonly Unseen[]) {
  return unseen.map(({ text, evidence }) => ({ malicious: text.malicious, score: evidence }));
}

function rowsBy<T>(all: readonly T[], keyOf: (one: T) => string): readonly (readonly [string, readonly T[]])[] {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Attacks in arguments: rules, and the model as it ships. The rules are written by hand with these texts in view. */
function argumentAttacks(): void {
  const corpus = readTexts(values.data)?.filter(({ kind }) => kind === 'tool_args');
  if (corpus === undefined) return;
  const refused = (text: string) => findPayloads(text).length > 0 || detectContent(text).score >= CONTENT_REJECT;
  const rows = rowsBy(corpus, ({ attack, malicious }) => (malicious ? (attack ?? '-') : 'honest')).map(([name, group]) => [name, String(group.length), percent(wilson(group.filter(({ text }) => refused(text)).length, group.length))]);
  console.log(table('Arguments, judged alone, without the schema of a tool (seen: the rules were tuned on them)', ['attack', 'texts', 'refused % (95 %)'], rows));
  figures.arguments = rows;
}

/** Every recogniser on made-up data: its own kind, and what only looks like it. */
function data(count: number): void {
  const random = new Random(20_261_122);
  const scanner = scannerOf();
  const byClass = new Map<DataClass, { hits: number; of: number; wrong: number; near: number }>();
  const weak: string[][] = [];
  for (const { dataClass, recognisers } of BUILT_IN) {
    const sum = byClass.get(dataClass) ?? { hits: 0, of: 0, wrong: 0, near: 0 };
    byClass.set(dataClass, sum);
    for (const { id } of recognisers) {
      const { positive, nearMiss } = FAKES[id]!;
      const finds = (text: string) => scanner.scan(text).some((match) => match.dataClass === dataClass);
      let [hits, wrong] = [0, 0];
      for (let i = 0; i < count; i++) {
        hits += Number(finds(surrounded(positive(random), random)));
        wrong += Number(finds(surrounded(nearMiss(random), random)));
      }
      sum.hits += hits;
      sum.wrong += wrong;
      sum.of += count;
      sum.near += count;
      if (hits < count || wrong > 0) weak.push([dataClass, id, `${hits} of ${count}`, `${wrong} of ${count}`]);
    }
  }
  const rows = [...byClass].map(([name, { hits, of, wrong, near }]) => [name, String(of), percent(wilson(hits, of)), percent(wilson(wrong, near))]);
  console.log(table('Data of each class, made up, and near misses of each recogniser', ['class', 'each', 'found % (95 %)', 'near misses taken for it % (95 %)'], rows));
  if (weak.length > 0) console.log(table('Recognisers that were wrong at least once', ['class', 'recogniser', 'found', 'near misses taken'], weak));
  const secrets = byClass.get('secret')!;
  figures.data = Object.fromEntries(byClass);
  goals.push({ name: 'secrets found', value: (100 * secrets.hits) / secrets.of, limit: 99, direction: 'at least', unit: '%' });
  goals.push({ name: 'near misses of secrets taken for one', value: (100 * secrets.wrong) / secrets.near, limit: 0.1, direction: 'at most', unit: '%' });
}

/** Results hold data in lines, in JSON, in tables, in prose. */
function surrounded(datum: string, random: Random): string {
  return random.pick([
    () => `The record says ${datum} and nothing else.`,
    () => JSON.stringify({ id: 12, note: datum, done: true }),
    () => `line one\n${datum}\nline three`,
    () => `| 1 | ${datum} | ok |`,
    () => datum,
  ])();
}

/** What happens to honest traffic: results of real servers, and files as a tool reads them. */
async function honestTraffic(files: number): Promise<void> {
  const guard = createServerGuard({ server: 'bench' });
  const caller = { principalKey: 'bench', groups: [], requestId: 'bench' };
  const recorded = await recordTraffic();
  const local = localTexts().slice(0, files).map((text, index) => ({ server: 'files', target: `file ${index}`, result: { content: [{ type: 'text', text }] } as JsonObject }));
  const sets = [...rowsBy([...recorded, ...local], ({ server }) => server)];
  const rows: string[][] = [];
  const notes = new Map<string, number>();
  const shares: Record<string, Share> = {};
  for (const [server, results] of sets) {
    const altered = { any: 0, secret: 0, instructions: 0, markup: 0 };
    for (const { target, result } of results) {
      const { findings } = await guard.guardResult(result, target, caller);
      const acted = findings.filter(({ action }) => action !== 'risk' && action !== 'allowed');
      altered.any += Number(acted.length > 0);
      altered.secret += Number(acted.some(({ category }) => category === 'secret'));
      altered.instructions += Number(acted.some(({ category }) => category === 'instructions'));
      altered.markup += Number(acted.some(({ category }) => category === 'markup'));
      for (const finding of acted) notes.set(noteOf({ ...finding, pointer: '', count: 1 }), (notes.get(noteOf({ ...finding, pointer: '', count: 1 })) ?? 0) + 1);
    }
    const share = (count: number) => wilson(count, results.length);
    shares[server] = share(altered.any);
    rows.push([server, String(results.length), percent(share(altered.any)), percent(share(altered.secret)), percent(share(altered.instructions)), percent(share(altered.markup))]);
  }
  console.log(table('Honest traffic that the default policy changed', ['from', 'results', 'any % (95 %)', 'secrets', 'orders', 'markup'], rows));
  console.log(table('Why', ['finding', 'results'], [...notes].sort((a, b) => b[1] - a[1]).slice(0, 16).map(([note, count]) => [note, String(count)])));
  figures.honest = { shares, notes: Object.fromEntries(notes) };
}

async function cost(): Promise<void> {
  const costs = await measureCost(smoke ? 5 : 40);
  console.log(table('Cost of a result, milliseconds, lower decile', ['size', 'without the model', 'with it'], costs.sizes.map(({ name, without, full }) => [name, without.toFixed(3), full.toFixed(3)])));
  console.log(`First-byte delay that the guard adds to a stream (a progress message of 100 characters): ${costs.firstByteMs.toFixed(3)} ms, lower decile`);
  figures.cost = costs;
  const large = costs.sizes.find(({ name }) => name === '64 kB')!;
  goals.push({ name: '64 kB without the model', value: large.without, limit: 1, direction: 'at most', unit: 'ms' });
  goals.push({ name: '64 kB with the model', value: large.full, limit: 5, direction: 'at most', unit: 'ms' });
}

async function main(): Promise<void> {
  if (!smoke) injections();
  argumentAttacks();
  data(smoke ? 20 : 200);
  await honestTraffic(smoke ? 20 : 400);
  await cost();
  conclude({ bench: 'guard', goals, figures, smoke });
}

void main();

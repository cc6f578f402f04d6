import type { Definition } from '../../training/corpus';
import { partOf, sourceGroups } from '../../training/folds';
import { ablations } from './ablations';
import { heldOut } from './held-out';
import { brier, calibration, falsePositivesAbove, recallAbove, roc, thresholdAt, wilson, type Share } from './statistics';
import { timing } from './timing';
import { Bench, outcome, type Outcome } from './unseen';

const FOLDS = 5;
export const RATES = [0.001, 0.003, 0.01] as const;
/** The rate that the goal speaks of. */
export const GOAL_RATE = 0.003;

/** A source of so many definitions is held out by itself, the smaller ones in so many groups; in a smoke run all in three. */
const LARGE = 25;
const SMALL_GROUPS = 8;
const SMOKE_GROUPS = 3;

export interface Plan {
  /** Published ones; may be none. */
  readonly definitions: readonly Definition[];
  readonly smoke: boolean;
  /** Hears what is being done. */
  readonly progress: (doing: string, done: number, of: number) => void;
}

export type Measured = ReturnType<typeof measure>;

/** Everything that is measured of our own detector. */
export function measure({ definitions, smoke, progress }: Plan) {
  const published = definitions.length > 0;
  const bench = new Bench(definitions);
  const own = bench.judgeOwn();
  const byFamily = published ? bench.judge(({ family }) => String(partOf(family, FOLDS)), (done, of) => progress('families held out', done, of)) : own;
  const groupOf = smoke ? groupsOf(definitions, SMOKE_GROUPS, Infinity) : groupsOf(definitions, SMALL_GROUPS, LARGE);
  const bySource = published ? bench.judge(groupOf, (done, of) => progress('sources held out', done, of)) : own;
  const headline = bySource.filter(isPoisoningOrHonest);
  const threshold = thresholdAt(GOAL_RATE, headline);
  const attacks = headline.filter(({ malicious }) => malicious);
  return {
    published,
    /** What the headline is about, in this order. */
    headline,
    threshold,
    rates: ratesOf(headline),
    verdicts: verdictsOf(headline),
    layers: {
      'rules alone': ratesOf(headline.map((one) => ({ ...one, score: one.byRules }))),
      'learned layer alone': ratesOf(headline.map((one) => ({ ...one, score: one.byModel }))),
      both: ratesOf(headline),
    },
    byFamily: ratesOf(byFamily.filter(isPoisoningOrHonest)),
    heldOut: heldOut('read'),
    unread: heldOut('unread'),
    own: { recall: recallAbove(threshold, own), falsePositives: falsePositivesAbove(threshold, own) },
    ownByClass: recallBy(own.filter(({ malicious }) => malicious), ({ definition }) => definition.attack!, threshold),
    byAttack: recallBy(attacks, ({ definition }) => definition.attack ?? '-', threshold),
    byQuality: recallBy(attacks, ({ definition }) => definition.quality ?? '-', threshold),
    apart: recallBy(
      bySource.filter(({ malicious, definition }) => malicious && definition.attackClass !== 'poisoning'),
      ({ definition }) => definition.attackClass ?? '-',
      threshold,
    ),
    bySource: recallBy(headline, ({ definition, malicious }) => `${definition.source}: ${malicious ? 'recall' : 'false positives'}`, threshold),
    missed: attacks.filter(({ score }) => score <= threshold).map(({ definition }) => definition.id),
    calibration: calibration(headline),
    brier: brier(headline),
    roc: roc(headline),
    ablations: published ? ablated(bench, headline, threshold) : [],
    timing: timing((published ? definitions : own.map(({ definition }) => definition)).filter(({ malicious }) => !malicious)),
  };
}

/** Which definitions are held out together: those of one source, or of several small ones. */
function groupsOf(definitions: readonly Definition[], small: number, large: number): (definition: Definition) => string {
  const sizes = new Map<string, number>();
  for (const { source } of definitions) sizes.set(source, (sizes.get(source) ?? 0) + 1);
  const groups = sourceGroups(definitions.filter(({ source }) => sizes.get(source)! < large), small);
  return ({ source }) => (groups.has(source) ? `small sources ${groups.get(source)! + 1}` : source);
}

/** The headline: attacks that steer the agent, against honest definitions. Preference and open harm are reported apart. */
function isPoisoningOrHonest({ malicious, definition }: Outcome): boolean {
  return !malicious || definition.attackClass === 'poisoning';
}

function ratesOf(outcomes: readonly Outcome[]) {
  return RATES.map((rate) => {
    const threshold = thresholdAt(rate, outcomes);
    return { rate, threshold, recall: recallAbove(threshold, outcomes), falsePositives: falsePositivesAbove(threshold, outcomes) };
  });
}

function verdictsOf(outcomes: readonly Outcome[]) {
  const share = (malicious: boolean, counts: (outcome: Outcome) => boolean) => {
    const part = outcomes.filter((one) => one.malicious === malicious);
    return wilson(part.filter(counts).length, part.length);
  };
  return {
    reject: { recall: share(true, ({ verdict }) => verdict === 'reject'), falsePositives: share(false, ({ verdict }) => verdict === 'reject') },
    'reject or review': { recall: share(true, ({ verdict }) => verdict !== 'approve'), falsePositives: share(false, ({ verdict }) => verdict !== 'approve') },
  };
}

/** Share above the threshold in each group, largest group first. */
function recallBy(outcomes: readonly Outcome[], groupOf: (outcome: Outcome) => string, threshold: number): readonly (readonly [string, Share])[] {
  const groups = new Map<string, Outcome[]>();
  for (const one of outcomes) groups.set(groupOf(one), [...(groups.get(groupOf(one)) ?? []), one]);
  return [...groups]
    .sort(([a, left], [b, right]) => right.length - left.length || a.localeCompare(b))
    .map(([name, part]) => [name, wilson(part.filter(({ score }) => score > threshold).length, part.length)]);
}

/** The same threshold, after taking away what must not matter; judged by models that know neither half of the sources. */
function ablated(bench: Bench, headline: readonly Outcome[], threshold: number) {
  const definitions = headline.map(({ definition }) => definition);
  const halves = sourceGroups(bench.definitions, 2);
  const models = [0, 1].map((half) => bench.modelWithout(({ source }) => halves.get(source) === half));
  const honest = definitions.filter(({ malicious }) => !malicious);
  const judge = (name: string, change: (definition: Definition) => Definition) => {
    const outcomes = definitions.map((definition) => outcome(change(definition), models[halves.get(definition.source)!]!, bench.combination));
    return { name, recall: recallAbove(threshold, outcomes), falsePositives: falsePositivesAbove(threshold, outcomes) };
  };
  return [judge('as it is', (definition) => definition), ...ablations(honest).map(({ name, change }) => judge(name, change))];
}

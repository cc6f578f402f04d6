/** Writes docs/detection-results.md with its plots. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { figure } from '../report';
import { GOAL_RATE, type Measured } from './measure';
import type { PeerFigures } from './peer-figures';
import { percent, type Share } from './statistics';
import { bars, plot } from './svg';

export function writeResults(docs: string, measured: Measured, peers: readonly PeerFigures[]): void {
  const folder = join(docs, 'detection');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'roc.svg'), rocPlot(measured, peers));
  writeFileSync(join(folder, 'by-attack.svg'), bars('Recall by attack at 0.3 % false positives, with 95 % intervals', measured.byAttack.map(bar)));
  writeFileSync(join(folder, 'own-sentences.svg'), bars('Sentences of our own, left out of the training: recall by class', measured.ownByClass.map(bar)));
  writeFileSync(join(folder, 'calibration.svg'), calibrationPlot(measured));
  writeFileSync(join(docs, 'detection-results.md'), page(measured, peers));
}

const bar = ([name, { share, low, high, of }]: readonly [string, Share]) => ({ name: `${name} (${of})`, value: share, low, high });

const share = (value: number) => `${Number((value * 100).toPrecision(3))} %`;

function rocPlot({ roc }: Measured, peers: readonly PeerFigures[]): string {
  const ran = peers.filter((peer) => !('failure' in peer)) as readonly Extract<PeerFigures, { recall: Share }>[];
  return plot(
    'Recall against false positives, sources held out',
    { label: 'false-positive rate', ticks: [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1], logarithmic: true, text: share },
    { label: 'recall', ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], text: share },
    [
      { name: 'this detector', points: roc.map(({ falsePositiveRate, recall }) => [falsePositiveRate, recall] as const) },
      ...ran.map(({ name, falsePositives, recall }) => ({ name, dots: true, points: [[falsePositives.share, recall.share] as const] })),
    ],
  );
}

function calibrationPlot({ calibration }: Measured): string {
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
  return plot('Calibration: how likely it was said to be, and how often it was so', { label: 'score', ticks, text: share }, { label: 'share that was poisoned', ticks, text: share }, [
    { name: 'this detector', points: calibration.map(({ said, really }) => [said, really.share] as const) },
    { name: 'ideal', points: [[0, 0], [1, 1]] },
  ]);
}

function page(measured: Measured, peers: readonly PeerFigures[]): string {
  const attacks = measured.headline.filter(({ malicious }) => malicious).length;
  const rates = (rows: Measured['rates']) => rows.map(({ recall }) => percent(recall));
  const shares = (rows: readonly (readonly [string, Share])[]) => rows.map(([name, one]) => [name, String(one.of), percent(one)]);
  return [
    '# How well the detector finds poisoned tools',
    '',
    'Written by `npm run bench:poisoning -- --report`. How the detector works and how its learned layer is made: [detection.md](detection.md).',
    '',
    `${attacks} poisoned and ${measured.headline.length - attacks} honest tool definitions that others published, each judged by a detector whose learned layer has not seen`,
    'any definition of the same source (sources of fewer than 25 definitions are held out several at a time), and where the weight of each rule was fitted',
    'without it too. Intervals are 95 % Wilson intervals. The wording of the rules is not unseen: whoever wrote them had looked at these definitions, so the',
    'figures of this section flatter them. The definitions that nothing learned from, next, are the harder and more honest test.',
    '',
    '## Recall',
    '',
    '![Recall against false positives](detection/roc.svg)',
    '',
    markdown(['at a false-positive rate of', '0.1 %', '0.3 %', '1 %'], [
      ...Object.entries(measured.layers).map(([name, rows]) => [name, ...rates(rows)]),
      ['both, families rather than sources held out', ...rates(measured.byFamily)],
    ]),
    markdown(['verdict', 'recall', 'false positives'], Object.entries(measured.verdicts).map(([name, { recall, falsePositives }]) => [name, percent(recall), percent(falsePositives, 2)])),
    '## Definitions that nothing learned from',
    '',
    'Written for measuring alone: poisoned definitions in a helpful tone, and honest ones of the kind that look bad (they order, warn, handle secrets, or speak of attacks).',
    'Both are harder than what is met in practice: an honest definition picked at random looks like none of them.',
    '',
    markdown(['', 'recall', 'false positives'], [
      ['rejected', percent(measured.heldOut.poisoned.rejected), percent(measured.heldOut.honest.rejected)],
      ['rejected or reviewed', percent(measured.heldOut.poisoned['rejected or reviewed']), percent(measured.heldOut.honest['rejected or reviewed'])],
      ...peers.flatMap((peer) => ('failure' in peer ? [] : [[peer.name, percent(peer.heldOut.recall), percent(peer.heldOut.falsePositives)]])),
    ]),
    markdown(['attack', 'definitions', 'rejected or reviewed'], shares(measured.heldOut.byAttack)),
    'A second collection of the same kind, written before the training data of the encoder, whose verdicts nobody has looked at one by one:',
    '',
    markdown(['', 'recall', 'false positives'], [
      ['rejected', percent(measured.unread.poisoned.rejected), percent(measured.unread.honest.rejected)],
      ['rejected or reviewed', percent(measured.unread.poisoned['rejected or reviewed']), percent(measured.unread.honest['rejected or reviewed'])],
    ]),
    markdown(['attack', 'definitions', 'rejected or reviewed'], shares(measured.unread.byAttack)),
    '## Beside other scanners',
    '',
    'In the same run, on the same definitions. What counts as a hit is the most favourable reading that we found for each.',
    '',
    markdown(['scanner', 'a hit is', 'recall', 'false positives', 'ms each'], peers.map((peer) => ('failure' in peer ? [peer.name, peer.hit, `did not run: ${peer.failure}`, '-', '-'] : [peer.name, peer.hit, percent(peer.recall), percent(peer.falsePositives, 2), figure(peer.milliseconds)]))),
    `## By attack, at ${GOAL_RATE * 100} %`,
    '',
    '![Recall by attack](detection/by-attack.svg)',
    '',
    markdown(['attack', 'definitions', 'recall'], shares(measured.byAttack)),
    markdown(['kind of example', 'definitions', 'recall'], shares([...measured.byQuality, ...measured.apart])),
    '`preference` pushes the agent to choose a tool; `harmful_capability` is a tool that says openly what harm it does. Neither is part of the headline.',
    '',
    '## Sentences that nobody tuned for',
    '',
    'One in six of our own attack sentences in a small tool, every other one with a second, judged by learned layers that were trained without them. A real attack often has several.',
    '',
    '![Own sentences](detection/own-sentences.svg)',
    '',
    markdown(['class', 'sentences', 'above the threshold'], [...shares(measured.ownByClass), ['**all attacks**', String(measured.own.recall.of), percent(measured.own.recall)], ['**honest look-alikes**', String(measured.own.falsePositives.of), percent(measured.own.falsePositives)]]),
    '## What must not matter',
    '',
    'Same threshold; each row takes something away or changes it in attacks and honest definitions alike. Judged by two models, each without half of the sources.',
    '',
    markdown(['change', 'recall', 'false positives'], measured.ablations.map(({ name, recall, falsePositives }) => [name, percent(recall), percent(falsePositives, 2)])),
    '## Calibration',
    '',
    '![Calibration](detection/calibration.svg)',
    '',
    `Brier score ${measured.brier.toFixed(4)}.`,
    '',
    '## Time',
    '',
    `One definition takes ${figure(measured.timing.median)} ms at the median and ${figure(measured.timing.p99)} ms at the 99th percentile on one core; ${figure(measured.timing.model)} ms of it is the learned layer, which loads in ${figure(measured.timing.load)} ms.`,
    '',
    '## By source',
    '',
    markdown(['source', 'definitions', 'above the threshold'], shares(measured.bySource)),
  ].join('\n');
}

function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line), ''].join('\n');
}

import { figure, table } from '../report';
import type { Measured } from './measure';
import type { PeerFigures } from './peer-figures';
import { percent, type Share } from './statistics';

/** Prints what people want to see of the run. */
export function print(measured: Measured, peers: readonly PeerFigures[]): void {
  const rates = (rows: Measured['rates']) => rows.map(({ recall }) => percent(recall));
  const of = ({ of: count }: Share) => String(count);
  const attacks = measured.headline.filter(({ malicious }) => malicious).length;
  console.log(
    [
      `${attacks} poisoned and ${measured.headline.length - attacks} honest definitions, each judged by a model that has not seen ${measured.published ? 'its source' : 'its sentence'}; 95 % Wilson intervals.`,
      table('Recall at a false-positive rate of', ['', '0.1 %', '0.3 %', '1 %'], [
        ...Object.entries(measured.layers).map(([name, rows]) => [name, ...rates(rows)]),
        ['both, families held out', ...rates(measured.byFamily)],
      ]),
      table('By verdict, as `scan` gives it', ['', 'recall', 'false positives'], Object.entries(measured.verdicts).map(([name, { recall, falsePositives }]) => [name, percent(recall), percent(falsePositives, 2)])),
      table('Beside others, same definitions', ['', 'recall', 'false positives', 'ms each'], peers.map((peer) => ('failure' in peer ? [peer.name, `did not run: ${peer.failure}`] : [peer.name, percent(peer.recall), percent(peer.falsePositives, 2), figure(peer.milliseconds)]))),
      table('Definitions that we wrote for measuring alone: hard ones, nothing learned from them', ['', 'recall', 'false positives'], [
        ['rejected', percent(measured.heldOut.poisoned.rejected), percent(measured.heldOut.honest.rejected)],
        ['rejected or reviewed', percent(measured.heldOut.poisoned['rejected or reviewed']), percent(measured.heldOut.honest['rejected or reviewed'])],
        ['rejected, verdicts never looked at', percent(measured.unread.poisoned.rejected), percent(measured.unread.honest.rejected)],
        ['the same, rejected or reviewed', percent(measured.unread.poisoned['rejected or reviewed']), percent(measured.unread.honest['rejected or reviewed'])],
        ...peers.flatMap((peer) => ('failure' in peer ? [] : [[peer.name, percent(peer.heldOut.recall), percent(peer.heldOut.falsePositives)]])),
      ]),
      table('Recall by attack, at 0.3 %', ['attack', 'of', 'recall'], measured.byAttack.map(([name, share]) => [name, of(share), percent(share)])),
      table('Recall by kind of example, at 0.3 %', ['kind', 'of', 'recall'], [...measured.byQuality, ...measured.apart].map(([name, share]) => [name, of(share), percent(share)])),
      table('Sentences of our own that were left out of the training, each in a small tool', ['', 'of', 'above the threshold'], [
        ['attacks', of(measured.own.recall), percent(measured.own.recall)],
        ...measured.ownByClass.map(([name, share]) => [`  ${name}`, of(share), percent(share)]),
        ['honest look-alikes', of(measured.own.falsePositives), percent(measured.own.falsePositives)],
      ]),
      table('Without what must not matter, same threshold', ['', 'recall', 'false positives'], measured.ablations.map(({ name, recall, falsePositives }) => [name, percent(recall), percent(falsePositives, 2)])),
      table('Calibration', ['said', 'really', 'of'], measured.calibration.map(({ said, really }) => [said.toFixed(2), percent(really), of(really)])),
      `Brier score ${measured.brier.toFixed(4)}. One definition: ${figure(measured.timing.median)} ms median, ${figure(measured.timing.p99)} ms p99; the learned layer ${figure(measured.timing.model)} ms of it; its loading ${figure(measured.timing.load)} ms, once.`,
    ].join('\n'),
  );
}

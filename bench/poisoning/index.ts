/**
 * `npm run bench:poisoning`: how much poison the detector finds in definitions it has never seen, and how often it is wrong
 * about honest ones; beside it, in the same run, the scanners that npm has.
 *
 *     --smoke        a small part, about a minute
 *     --data FILE    labelled definitions, JSON Lines, plain or .xz
 *     --no-peers     without the other scanners
 *     --report       writes docs/detection-results.md and its plots
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_CORPUS, readCorpus } from '../../training/corpus';
import { conclude } from '../report';
import { heldOutDefinitions } from './held-out';
import { measure } from './measure';
import { peerFigures, type PeerFigures } from './peer-figures';
import { askPeer, PEERS } from './peers';
import { print } from './print';
import { writeResults } from './results-page';

/** In a smoke run, of how many published definitions one is taken. */
const SMOKE_SHARE = 4;

const { values } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    data: { type: 'string', default: DEFAULT_CORPUS },
    'no-peers': { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const published = readCorpus(values.data) ?? [];
  if (published.length === 0) {
    console.log(`No published definitions at ${values.data}. This run measures on our own examples only: it says little about what others write.\n`);
  }
  const definitions = published.filter((_, i) => !values.smoke || i % SMOKE_SHARE === 0);
  const measured = measure({ definitions, smoke: values.smoke, progress });
  const peers: PeerFigures[] = [];
  if (!values['no-peers']) {
    const heldOut = heldOutDefinitions();
    const asked = [...measured.headline.map(({ definition }) => definition), ...heldOut];
    for (const peer of PEERS) peers.push(peerFigures(await askPeer(peer, asked), measured.headline, heldOut));
  }
  print(measured, peers);
  if (values.report) writeResults(join(__dirname, '..', '..', 'docs'), measured, peers);
  const { headline: _, roc: __, ...figures } = measured;
  conclude({
    bench: 'poisoning',
    smoke: values.smoke,
    goals: [
      { name: 'recall at 0.3 % false positives, unseen sources', value: measured.rates[1]!.recall.share, limit: 0.97, direction: 'at least' },
      { name: 'recall of the verdict `reject`, unseen sources', value: measured.verdicts.reject.recall.share, limit: 0.97, direction: 'at least' },
      { name: 'false positives of the verdict `reject`, unseen sources', value: measured.verdicts.reject.falsePositives.share, limit: 0.003, direction: 'at most' },
      { name: 'one definition, median', value: measured.timing.median, limit: 1, direction: 'at most', unit: 'ms' },
      { name: 'loading the model', value: measured.timing.load, limit: 150, direction: 'at most', unit: 'ms' },
    ],
    figures: { ...figures, peers },
  });
}

function progress(doing: string, done: number, of: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${doing}: ${done + 1} of ${of}  `);
}

void main();

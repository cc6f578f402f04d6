import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { lineDigest, linkOf, NO_LINE_BEFORE } from './entry';
import type { ChainProblem } from './report';

/** A line of one of the files that a log was delivered in. */
export interface ArchivedLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Without its line feed. */
  readonly text: string;
}

export interface ArchiveProblem extends ChainProblem {
  readonly file: string;
}

export interface ArchiveReport {
  readonly entries: number;
  readonly writers: number;
  readonly checkpoints: number;
  /** Lines that were delivered more than once. */
  readonly repeated: number;
  readonly problems: readonly ArchiveProblem[];
  readonly notes: readonly string[];
}

/** Takes the lines of all files, in any order, and says at the end what was done to them. */
export interface ArchiveVerifier {
  line(line: ArchivedLine): void;
  finish(): ArchiveReport;
}

/** What is remembered of a line. */
interface Entry {
  readonly at: Pick<ArchivedLine, 'file' | 'line'>;
  readonly prev: string;
  readonly digest: string;
  /** Of a checkpoint. */
  readonly text?: string;
}

/**
 * Verifies what `openChainedLog` wrote, wherever its lines went since (LOG-4): a delivery may repeat lines and put them in any order, for each
 * says itself where it belongs.
 *
 * @param keys public keys of the authority that certifies writers, ECDSA P-256; without any, certificates are believed
 */
export function createArchiveVerifier({ keys }: { readonly keys: readonly KeyObject[] }): ArchiveVerifier {
  const writers = new Map<string, Map<number, Entry>>();
  const problems: ArchiveProblem[] = [];
  const notes: string[] = [];
  let repeated = 0;

  function report(kind: ChainProblem['kind'], { file, line }: Entry['at'], message: string): void {
    problems.push({ kind, file, line, message });
  }

  return {
    line({ file, line, text }) {
      if (text === '') return;
      const at = { file, line };
      const link = linkOf(text);
      const kind = link && kindOf(text);
      if (link === undefined || kind === undefined) return report('inserted', at, 'this line was inserted or changed: it is no entry of any writer');
      const entries = writers.get(link.writer) ?? new Map<number, Entry>();
      writers.set(link.writer, entries);
      const digest = lineDigest(text);
      const known = entries.get(link.seq);
      if (known === undefined) entries.set(link.seq, { at, prev: link.prev, digest, ...(kind === 'checkpoint' ? { text } : {}) });
      else if (known.digest === digest) repeated += 1;
      else report('inserted', at, `this line was inserted or changed: it says that it is entry ${link.seq} of writer ${link.writer}, as ${known.at.file}:${known.at.line} does`);
    },
    finish() {
      let checkpoints = 0;
      let total = 0;
      for (const [writer, entries] of writers) {
        const signed = [...entries.values()].filter(({ text }) => text !== undefined).length;
        checkpoints += signed;
        total += entries.size - signed;
        verifyWriter(writer, entries, keys, report, (note) => notes.push(note));
      }
      problems.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
      return { entries: total, writers: writers.size, checkpoints, repeated, problems, notes };
    },
  };
}

type Report = (kind: ChainProblem['kind'], at: Entry['at'], message: string) => void;

function verifyWriter(writer: string, entries: ReadonlyMap<number, Entry>, keys: readonly KeyObject[], report: Report, note: (text: string) => void): void {
  const ordered = [...entries].sort(([a], [b]) => a - b);
  const [first] = ordered as [[number, Entry], ...[number, Entry][]];
  let writerKey: KeyObject | undefined;
  let covered = first[0] - 1;
  let closed = false;
  let before: readonly [number, Entry] | undefined;
  if (first[0] > 0) report('removed', first[1].at, `${count(first[0])} of writer ${writer} before this line ${first[0] === 1 ? 'is' : 'are'} missing: removed, or in files that were not given`);
  for (const [seq, entry] of ordered) {
    const missing = before === undefined ? 0 : seq - before[0] - 1;
    if (before !== undefined && missing > 0) report('removed', entry.at, `${count(missing)} of writer ${writer} ${missing === 1 ? 'is' : 'are'} missing between ${place(before[1])} and this line`);
    else if (before !== undefined && entry.prev !== before[1].digest) report('changed', before[1].at, `this line was changed, or else the link to it in ${place(entry)}: they do not fit together`);
    else if (before === undefined && seq === 0 && entry.prev !== NO_LINE_BEFORE) report('changed', entry.at, `this line was changed: nothing comes before the first entry of writer ${writer}`);
    if (closed) report('inserted', entry.at, `this line was inserted: writer ${writer} had ended before it`);
    if (seq === 0) {
      writerKey = certifiedKey(entry.text, keys);
      if (writerKey === undefined) report('forged', entry.at, `writer ${writer} does not begin with a certificate that one of the keys has signed`);
      covered = 0;
    } else if (entry.text !== undefined) {
      // Whose certificate is missing or forged has been reported once.
      if (writerKey !== undefined && !isSigned(entry.text, writerKey, 'ieee-p1363')) report('forged', entry.at, `this line is a checkpoint that writer ${writer} has not signed`);
      closed ||= (JSON.parse(entry.text) as { final?: unknown }).final === true;
      covered = seq;
    }
    before = [seq, entry];
  }
  const open = (before?.[0] ?? 0) - covered;
  if (open > 0) note(`the last ${count(open)} of writer ${writer} ${open === 1 ? 'is' : 'are'} not under a checkpoint: it was stopped before one, or they are in files that were not given`);
}

/** The key of a writer, in a certificate that the authority signed. */
function certifiedKey(text: string | undefined, keys: readonly KeyObject[]): KeyObject | undefined {
  if (text === undefined || (keys.length > 0 && !keys.some((key) => isSigned(text, key, 'der')))) return undefined;
  try {
    const { key } = JSON.parse(text) as { key?: unknown };
    return typeof key === 'string' ? createPublicKey({ key: Buffer.from(key, 'base64url'), format: 'der', type: 'spki' }) : undefined;
  } catch {
    return undefined;
  }
}

const SIGNATURE = /,"signature":"([A-Za-z0-9_-]{80,100})"\}$/;

function isSigned(text: string, key: KeyObject, dsaEncoding: 'der' | 'ieee-p1363'): boolean {
  const match = SIGNATURE.exec(text);
  if (match === null) return false;
  const signature = Buffer.from(match[1] ?? '', 'base64url');
  // The last letter has bits that decode to nothing.
  return signature.toString('base64url') === match[1] && verify('sha256', Buffer.from(`${text.slice(0, match.index)}}`), { key, dsaEncoding }, signature);
}

function kindOf(text: string): 'checkpoint' | 'entry' | undefined {
  try {
    return (JSON.parse(text) as { kind?: unknown }).kind === 'checkpoint' ? 'checkpoint' : 'entry';
  } catch {
    return undefined;
  }
}

function place({ at }: Entry): string {
  return `${at.file}:${at.line}`;
}

function count(entries: number): string {
  return entries === 1 ? '1 entry' : `${entries} entries`;
}

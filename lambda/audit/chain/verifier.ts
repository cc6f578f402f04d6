import { asCheckpoint, isSignedBy } from './checkpoint';
import { isFragment, lineDigest, linkOf, NO_LINE_BEFORE, type Link } from './entry';
import type { ChainProblem, ChainReport, VerifyChainOptions } from './report';

interface Writer {
  seq: number;
  digest: string;
  line: number;
  /** Of the newest checkpoint. */
  signedSeq: number;
  closed: boolean;
  torn: boolean;
  /** Line that a broken link leads to. */
  brokenAt?: number;
  readonly gaps: Gap[];
}

/** Entries that are not where they belong; the finding goes when all of them turn up elsewhere, out of order. */
interface Gap {
  readonly finding: ChainProblem;
  readonly first: number;
  readonly last: number;
  left: number;
}

/** Reads the lines of a file one after the other, and says at the end what was done to it. */
export interface ChainVerifier {
  /** `whole`: with its line feed. */
  line(bytes: Buffer, whole: boolean): void;
  finish(): Omit<ChainReport, 'file'>;
}

/**
 * @param digestOfRange SHA-256 of bytes of the file
 */
export function createChainVerifier(
  { keys, remembered = [] }: VerifyChainOptions,
  digestOfRange: (range: { readonly from: number; readonly to: number }) => string,
): ChainVerifier {
  const known = new Map(remembered.map((checkpoint) => [checkpoint.writer, checkpoint]));
  const writers = new Map<string, Writer>();
  const problems: ChainProblem[] = [];
  const notes: string[] = [];
  const fragments: number[] = [];
  let number = 0;
  let entries = 0;
  let checkpoints = 0;

  function report(kind: ChainProblem['kind'], line: number, message: string): ChainProblem {
    const problem = { kind, line, message };
    problems.push(problem);
    return problem;
  }

  function torn(link: Link | undefined, text: string): void {
    if (link === undefined) {
      if (text !== '' && isFragment(text)) fragments.push(number);
      else report('inserted', number, 'this line was inserted or changed: it is no entry of any writer');
      return;
    }
    const writer = writers.get(link.writer);
    const follows = writer === undefined ? link.seq === 0 && link.prev === NO_LINE_BEFORE : !writer.closed && !writer.torn && link.seq === writer.seq + 1 && link.prev === writer.digest;
    if (!follows || (known.get(link.writer)?.seq ?? -1) >= link.seq) return void report('changed', number, 'this line was changed: it is no longer JSON');
    if (writer !== undefined) writer.torn = true;
    notes.push(`line ${number}: writer ${link.writer} ended in the middle of this entry, as in a crash; nothing of it is missing before`);
  }

  function follow(link: Link, digest: string): Writer {
    const writer = writers.get(link.writer);
    if (writer === undefined) {
      if (link.seq > 0) report('removed', number, `${count(link.seq)} of writer ${link.writer} before this line ${link.seq === 1 ? 'is' : 'are'} missing`);
      const begun: Writer = { seq: link.seq, digest, line: number, signedSeq: -1, closed: false, torn: false, gaps: [] };
      writers.set(link.writer, begun);
      return begun;
    }
    const missing = link.seq - writer.seq - 1;
    if (missing < 0) {
      report('reordered', number, `this line is out of order, or there twice: entry ${link.seq} of writer ${link.writer} stands after its entry ${writer.seq}`);
      const gap = writer.gaps.find(({ first, last, left }) => left > 0 && first <= link.seq && link.seq <= last);
      if (gap !== undefined && (gap.left -= 1) === 0) problems.splice(problems.indexOf(gap.finding), 1);
      return writer;
    }
    if (writer.closed) report('inserted', number, `this line was inserted: writer ${link.writer} had closed the file at line ${writer.line}`);
    else if (writer.torn) report('changed', number, `this line follows an entry of writer ${link.writer} that was cut off, though nobody writes after that`);
    else if (missing > 0) {
      const finding = report('removed', number, `${count(missing)} of writer ${link.writer} ${missing === 1 ? 'is' : 'are'} missing between line ${writer.line} and this one`);
      writer.gaps.push({ finding, first: writer.seq + 1, last: link.seq - 1, left: missing });
    }
    if (missing === 0 && !writer.closed && !writer.torn && link.prev !== writer.digest) blameLink(writer);
    writer.seq = link.seq;
    writer.digest = digest;
    writer.line = number;
    return writer;
  }

  /** A link is broken by a change of either of its ends; where two neighbouring links are broken, it was the line between. */
  function blameLink(writer: Writer): void {
    if (writer.brokenAt === writer.line) {
      const index = problems.findIndex(({ line, kind }) => kind === 'changed' && line < writer.line);
      if (index >= 0) problems[index] = { kind: 'changed', line: writer.line, message: 'this line was changed' };
    } else {
      report('changed', writer.line, `this line was changed, or else the link to it in line ${number}: they do not fit together`);
    }
    writer.brokenAt = number;
  }

  function checkpoint(text: string, value: Readonly<Record<string, unknown>>, writer: Writer, link: Link): void {
    checkpoints += 1;
    const before = problems.length;
    if (keys.length > 0 && !keys.some((key) => isSignedBy(text, key))) return void report('forged', number, 'this line is a checkpoint that none of the keys has signed');
    try {
      const { final, from, to, sha256 } = asCheckpoint(value);
      writer.signedSeq = link.seq;
      writer.closed = final;
      // After any other finding, the bytes are known to be others.
      if (before === 0 && digestOfRange({ from, to }) !== sha256) report('reordered', number, `something before this checkpoint is not as it was when writer ${link.writer} signed it: lines of different writers in another order, or other bytes between them`);
    } catch {
      report('forged', number, 'this line is a checkpoint without the members of one');
    }
  }

  return {
    line(bytes, whole) {
      number += 1;
      const text = bytes.toString('utf8');
      const link = linkOf(text);
      const value = link && parse(text);
      if (link === undefined || value === undefined) return torn(link, text);
      const digest = lineDigest(bytes);
      const writer = follow(link, digest);
      const apart = known.get(link.writer);
      if (apart?.seq === link.seq && apart.digest !== digest && problems.length === 0) report('changed', number, 'this line was changed: it is not the checkpoint that is remembered');
      if (writer.signedSeq < 0 && value.kind !== 'checkpoint' && link.seq === 0) report('forged', number, `writer ${link.writer} does not begin with a signed checkpoint`);
      if (value.kind === 'checkpoint') checkpoint(text, value, writer, link);
      else entries += 1;
      if (!whole) {
        if (writer.closed || (apart?.seq ?? -1) >= link.seq) report('truncated', number, 'this line was cut off at its end');
        else notes.push(`line ${number}: writer ${link.writer} ended before the end of this line, as in a crash`);
      }
    },
    finish() {
      const mayBeTorn = [...writers.values()].filter(({ closed, torn: already }) => !closed && !already).length;
      fragments.forEach((line, index) => {
        if (index < mayBeTorn) notes.push(`line ${line}: a writer ended in the middle of this entry, as in a crash`);
        else report('inserted', line, 'this line was inserted or changed: it is the start of an entry, and every writer has ended properly');
      });
      for (const [id, { seq, line }] of writers) {
        const missing = (known.get(id)?.seq ?? -1) - seq;
        if (missing > 0) report('truncated', line, `at least ${count(missing)} of writer ${id} after this line ${missing === 1 ? 'is' : 'are'} missing`);
      }
      for (const [id, { seq, signedSeq, closed }] of writers) {
        if (!closed && seq > signedSeq) notes.push(`the last ${count(seq - signedSeq)} of writer ${id} ${seq - signedSeq === 1 ? 'is' : 'are'} not under a checkpoint yet`);
      }
      problems.sort((a, b) => a.line - b.line);
      return { entries, writers: [...writers.keys()], checkpoints, problems, notes };
    },
  };
}

function count(entries: number): string {
  return entries === 1 ? '1 entry' : `${entries} entries`;
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

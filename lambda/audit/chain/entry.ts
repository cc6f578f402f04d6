import { hash, randomBytes } from 'node:crypto';

/** Where an entry stands among those of its writer. It is the first member of its line, so that a torn line still tells whose it was. */
export interface Link {
  /** Of one opening of the file by one process, 16 hexadecimal digits. */
  readonly writer: string;
  /** From 0, without gaps. */
  readonly seq: number;
  /** SHA-256 of the writer's line before, hexadecimal; zeros for the first. */
  readonly prev: string;
}

export const NO_LINE_BEFORE = '0'.repeat(64);

export function newWriterId(): string {
  return randomBytes(8).toString('hex');
}

/** `line`, a JSON object with at least one member, with its link in front. */
export function linkedLine(link: Link, line: string): string {
  return `${headOf(link)},${line.slice(1)}`;
}

/** More than a head and a line feed take, in bytes. */
const HEAD_ROOM = 160;

/** How many bytes `writeLinkedLine` may take for a line. */
export function roomFor(line: string): number {
  return HEAD_ROOM + 3 * line.length;
}

/** Writes `linkedLine`, which nobody needs as a text, and a line feed into `bytes`. Answers where they end. */
export function writeLinkedLine(bytes: Buffer, from: number, link: Link, line: string): number {
  const head = headOf(link);
  const end = from + bytes.write(`${head}${line}`, from);
  // In place of the brace at the start of the line.
  bytes[from + head.length] = COMMA;
  bytes[end] = LINE_FEED;
  return end + 1;
}

const COMMA = 0x2c;
const LINE_FEED = 0x0a;

function headOf({ writer, seq, prev }: Link): string {
  return `{"chain":{"writer":"${writer}","seq":${textOf(seq)},"prev":"${prev}"}`;
}

const LAST_THREE: readonly string[] = Array.from({ length: 1_000 }, (_, digits) => String(digits).padStart(3, '0'));
let thousands = 1;
let writtenThousands = '1';

/** V8 remembers the texts of numbers, and writes that of a new one each time: here it is most of a text that was written before. */
function textOf(whole: number): string {
  if (whole < 1_000) return String(whole);
  const ofThis = Math.floor(whole / 1_000);
  if (ofThis !== thousands) {
    thousands = ofThis;
    writtenThousands = String(ofThis);
  }
  return writtenThousands + LAST_THREE[whole % 1_000];
}

/** SHA-256 of a line without its line feed, hexadecimal. */
export function lineDigest(line: string | Uint8Array): string {
  return hash('sha256', line, 'hex');
}

const HEAD = /^\{"chain":\{"writer":"([0-9a-f]{16})","seq":(0|[1-9]\d{0,15}),"prev":"([0-9a-f]{64})"\},/;

/** The link at the start of a line, whether or not the rest of the line is there. */
export function linkOf(line: string): Link | undefined {
  const [, writer, seq, prev] = HEAD.exec(line.slice(0, 200)) ?? [];
  return writer === undefined || seq === undefined || prev === undefined ? undefined : { writer, seq: Number(seq), prev };
}

const BEFORE_WRITER = '{"chain":{"writer":"';
const AFTER_WRITER = /^(?:[0-9a-f]{0,15}|[0-9a-f]{16}(?:"(?:,(?:"s?|"se|"seq"?|"seq":(?:0|[1-9]\d{0,15})?(?:,(?:"p?|"pr|"pre|"prev"?|"prev":(?:"[0-9a-f]{0,64}|"[0-9a-f]{64}"\}?)?)?)?)?)?)?)$/;

/** Whether the text is how an entry starts, cut off before its link is whole. */
export function isFragment(text: string): boolean {
  return BEFORE_WRITER.startsWith(text) || (text.startsWith(BEFORE_WRITER) && text.length < 200 && AFTER_WRITER.test(text.slice(BEFORE_WRITER.length)));
}

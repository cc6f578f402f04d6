import { randomFillSync } from 'node:crypto';
import type { PlainText } from './plain-text';

/** The place of one request in a distributed trace (W3C Trace Context, GW-4). */
export interface TraceContext {
  /** 32 hexadecimal digits, the caller's where it gave a valid one. */
  readonly traceId: PlainText;
  /** 16 hexadecimal digits: our own span. */
  readonly spanId: PlainText;
  /** The caller's span, where there is one. */
  readonly parentSpanId?: string;
  readonly sampled: boolean;
  /** What to send on to the next hop. */
  readonly headers: TraceHeaders;
}

/** A type and not an interface, so that it is a record of headers too. */
export type TraceHeaders = { readonly traceparent: string; readonly tracestate?: string };

/** Gives that many random hexadecimal digits. */
export type RandomDigits = (count: number) => string;

/** Version, trace id, parent id, flags; a later version may go on after another dash (section 3.2.2, 4.3). */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-[\x21-\x7e]*)?$/;
const SAMPLED = 0x01;

/**
 * The trace that a request belongs to: the caller's, with a span of our own, where its `traceparent` is valid, and a new
 * one otherwise. A `tracestate` that is not valid, or too long, is left out.
 * @param random @default - from `node:crypto`
 */
export function readTraceContext(headers: Pick<Headers, 'get'>, random: RandomDigits = pooledDigits): TraceContext {
  const header = headers.get('traceparent');
  const match = header === null ? null : TRACEPARENT.exec(header);
  if (match === null) return newTraceContext(random);
  const [, version, , parentSpanId, flags = '00', rest] = match;
  if (version === '00' && rest !== undefined) return newTraceContext(random);
  const sampled = (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED;
  const traceId = match[2] as PlainText;
  const spanId = random(16) as PlainText;
  const tracestate = validTracestate(headers.get('tracestate'));
  const traceparent = formatTraceparent(traceId, spanId, sampled);
  return { traceId, spanId, parentSpanId, sampled, headers: tracestate === undefined ? { traceparent } : { traceparent, tracestate } };
}

/**
 * The root of a new trace. It asks to be sampled: there is no caller who could have decided otherwise.
 * @param random @default - from `node:crypto`
 */
export function newTraceContext(random: RandomDigits = pooledDigits): TraceContext {
  const ids = random(48);
  const traceId = ids.slice(0, 32) as PlainText;
  const spanId = ids.slice(32) as PlainText;
  return { traceId, spanId, sampled: true, headers: { traceparent: formatTraceparent(traceId, spanId, true) } };
}

function formatTraceparent(traceId: string, spanId: string, sampled: boolean): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** What must be passed on at least (section 3.3.1.5), and is at most. */
const MAX_TRACESTATE_LENGTH = 512;
const MAX_TRACESTATE_MEMBERS = 32;
const TRACESTATE_MEMBER = /^([a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}|[a-z0-9][a-z0-9_\-*/]{0,255})=([\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e])$/;

function validTracestate(header: string | null): string | undefined {
  if (header === null || header.length > MAX_TRACESTATE_LENGTH) return undefined;
  const members = header.split(',').map((member) => member.replace(/^[ \t]+|[ \t]+$/g, '')).filter((member) => member !== '');
  if (members.length === 0 || members.length > MAX_TRACESTATE_MEMBERS) return undefined;
  const keys = new Set<string>();
  for (const member of members) {
    const key = TRACESTATE_MEMBER.exec(member)?.[1];
    if (key === undefined || keys.has(key)) return undefined;
    keys.add(key);
  }
  return members.join(',');
}

const POOL = Buffer.alloc(4096);
let pool = '';
let poolUsed = 0;

/** For identifiers: fetched from the system for many requests at once. */
function pooledDigits(count: number): string {
  if (poolUsed + count > pool.length) {
    pool = randomFillSync(POOL).toString('hex');
    poolUsed = 0;
  }
  poolUsed += count;
  return pool.slice(poolUsed - count, poolUsed);
}

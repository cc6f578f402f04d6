import { isJsonObject, type JsonObject, type JsonRpcErrorObject, type JsonValue } from '../../protocol';
import type { DlpService } from '../dlp';
import type { GuardFinding } from '../finding';
import { scannerOf, type RecogniserFile, type Scanner } from '../recognisers';
import { agreeingText, writeAgreeing } from './agreeing-text';
import { annotated, findOrders } from './instructions';
import { Carry, withoutOpenEnds } from './carry';
import { applyEdits } from './edits';
import type { Inspection } from './inspect';
import { findInternals } from './internals';
import { DEFAULT_RESULT_LIMITS, rulesFor, type ResultLimits, type ResultPolicy } from './policy';
import { Redaction } from './redaction';
import { SizeMeter, sizeOf, truncated } from './size';
import { createTokeniser, type Tokeniser } from './tokens';

/** Whom a result goes to, and where it comes from. */
export interface GuardedExchange {
  readonly server: string;
  /** Tool, prompt or resource. */
  readonly target: string | undefined;
  readonly principalKey: string;
  readonly groups: readonly string[];
  /** Names the request in the audit trail, and so what was taken out of it. */
  readonly requestId: string;
  /** Whether a value is what the tool's output schema promises. @default - nothing was promised */
  readonly isPromised?: (structuredContent: JsonValue | undefined) => boolean;
}

/** What becomes of something that a server sent. */
export type Guarded<T> =
  | { readonly ok: true; readonly value: T; readonly findings: readonly GuardFinding[]; /** For the audit trail alone. */ readonly details?: readonly string[] }
  | { readonly ok: false; readonly reason: string; readonly findings: readonly GuardFinding[] };

export interface ResultGuardOptions {
  readonly policy?: ResultPolicy;
  /** Data files of one's own. @default - the built-in recognisers */
  readonly recognisers?: readonly RecogniserFile[];
  /** 32 bytes; makes reversible tokens. Required with `reversible`. */
  readonly tokenKey?: Uint8Array;
  /** An enterprise DLP that every result goes through as well (DLP-1). @default - none */
  readonly dlp?: DlpService;
  readonly clock?: () => number;
}

/** How much of an error's internals the audit trail keeps. */
const MAX_DETAIL = 600;

/** Checks what one server sends, before a client gets it (DLP-1 to DLP-4, IOV-5). */
export class ResultGuard {
  private readonly policy: ResultPolicy;
  private readonly limits: ResultLimits;
  private readonly scanner: Scanner;
  private readonly tokeniser: Tokeniser | undefined;
  private readonly dlp: DlpService | undefined;
  private readonly meter: SizeMeter;

  /** @throws TypeError where `reversible` comes without a key */
  constructor({ policy = {}, recognisers, tokenKey, dlp, clock = Date.now }: ResultGuardOptions = {}) {
    if (policy.reversible && tokenKey === undefined) throw new TypeError('reversible tokens need a key of 32 bytes');
    this.policy = policy;
    this.limits = { ...DEFAULT_RESULT_LIMITS, ...policy.limits };
    this.scanner = scannerOf(recognisers);
    this.tokeniser = tokenKey !== undefined && (policy.reversible || policy.principals?.some(({ reveal }) => reveal)) ? createTokeniser(tokenKey) : undefined;
    this.dlp = dlp;
    this.meter = new SizeMeter(clock);
  }

  /** The result of a request. */
  async guardResult(result: JsonObject, exchange: GuardedExchange): Promise<Guarded<JsonObject>> {
    const first = this.redact(result, exchange, 'marker');
    let guarded = first;
    if (first.ok && first.value !== result && !this.isPromised(first.value, exchange)) {
      // A marker is no number and no date: what the schema allows in its place may still be a zero.
      guarded = this.redact(result, exchange, 'zero');
      if (guarded.ok && !this.isPromised(guarded.value, exchange)) {
        return refused('schema/redaction-breaks-output-schema', [...guarded.findings, { direction: 'out', category: 'schema', id: 'redaction-breaks-output-schema', action: 'blocked', pointer: '/structuredContent', count: 1 }]);
      }
    }
    if (!guarded.ok) return guarded;
    const sized = this.checkSize(guarded.value, guarded.findings, exchange);
    if (!sized.ok) return sized;
    const detailed = { ...sized, details: guarded.details };
    return this.dlp === undefined ? detailed : this.throughDlp(detailed, exchange, this.dlp);
  }

  /** The error of a request: its texts, and nothing of how the server is built (DLP-4). */
  guardError(error: JsonRpcErrorObject, exchange: GuardedExchange): Guarded<JsonRpcErrorObject> {
    const pass = this.redaction(exchange);
    const message = pass.text(error.message, '/message');
    const data = pass.structured(error.data, 'data', '/data');
    if (pass.blocked !== undefined) return refused(pass.blocked, pass.findings);
    const details: string[] = [];
    const value: JsonRpcErrorObject = {
      ...error,
      message: this.withoutInternals(message, exchange, pass, '/message', details),
      ...(data === undefined ? {} : { data: this.valueWithoutInternals(data, exchange, pass, '/data', details) }),
    };
    return { ok: true, value, findings: pass.findings, details };
  }

  /** Parameters of a notification or of a question to the client: progress, logs, sampling, elicitation. */
  guardParams(params: JsonObject, exchange: GuardedExchange, carry?: Carry): Guarded<JsonObject> {
    const pass = this.redaction(exchange);
    const before = carry === undefined ? undefined : carry.before(params);
    const value = pass.structured(withoutOpenEnds(params, before, this.inspectionFor(exchange), pass), undefined, '') as JsonObject;
    carry?.keep(params);
    if (pass.blocked !== undefined) return refused(pass.blocked, pass.findings);
    return { ok: true, value: this.labelled(value, exchange, pass), findings: pass.findings };
  }

  /** What the requests of one exchange have said so far, so that nothing passes in two halves. */
  createCarry(): Carry {
    return new Carry();
  }

  private redact(result: JsonObject, exchange: GuardedExchange, number: 'marker' | 'zero'): Guarded<JsonObject> {
    const pass = this.redaction(exchange, number);
    const details: string[] = [];
    const agreeing = agreeingText(result);
    const value: JsonObject = {};
    let changed = false;
    for (const [key, member] of Object.entries(result)) {
      const pointer = `/${key}`;
      const after =
        key === 'content' && Array.isArray(member) && agreeing === undefined ? pass.blocks(member, pointer)
        : key === 'content' && Array.isArray(member) ? member
        : key === 'contents' && Array.isArray(member) ? pass.blocks(member, pointer)
        : key === 'messages' && Array.isArray(member) ? guardMessages(member, pass)
        : key === '_meta' || key === 'requestState' || key === 'nextCursor' ? pass.value(member, key, pointer)
        : pass.structured(member, key, pointer);
      changed ||= after !== member;
      value[key] = after;
    }
    if (agreeing !== undefined) changed = writeAgreeing(result, value, agreeing, pass) || changed;
    if (result.isError === true && Array.isArray(value.content)) {
      const content = value.content.map((block, index) => this.blockWithoutInternals(block, exchange, pass, `/content/${index}/text`, details));
      changed ||= content.some((block, index) => block !== (value.content as JsonValue[])[index]);
      value.content = content;
    }
    if (pass.blocked !== undefined) return refused(pass.blocked, pass.findings);
    const shown = changed ? marked(value, pass) : result;
    return { ok: true, value: this.revealed(shown, exchange), findings: pass.findings, details };
  }

  private blockWithoutInternals(block: JsonValue, exchange: GuardedExchange, pass: Redaction, pointer: string, details: string[]): JsonValue {
    if (!isJsonObject(block) || typeof block.text !== 'string') return block;
    const text = this.withoutInternals(block.text, exchange, pass, pointer, details);
    return text === block.text ? block : { ...block, text };
  }

  private valueWithoutInternals(value: JsonValue, exchange: GuardedExchange, pass: Redaction, pointer: string, details: string[]): JsonValue {
    if (typeof value === 'string') return this.withoutInternals(value, exchange, pass, pointer, details);
    if (Array.isArray(value)) return value.map((element) => this.valueWithoutInternals(element, exchange, pass, pointer, details));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, member === undefined ? member : this.valueWithoutInternals(member, exchange, pass, `${pointer}/${key}`, details)]));
  }

  private withoutInternals(text: string, { requestId }: GuardedExchange, pass: Redaction, pointer: string, details: string[]): string {
    if (this.policy.internals === 'allow') return text;
    const internals = findInternals(text);
    if (internals.length === 0) return text;
    for (const { id } of internals) pass.note('internals', id, 'redacted', pointer);
    const reference = `[reference:${requestId}]`;
    details.push(`${reference} ${internals.map(({ start, end }) => text.slice(start, end).trim()).join(' | ').replaceAll(/\s+/g, ' ')}`.slice(0, MAX_DETAIL));
    const edited = applyEdits(text, internals.map(({ start, end }) => ({ start, end, replacement: '\u0000' })));
    return edited.replaceAll(/\u0000(?:[\s,;:]*\u0000)*/g, reference);
  }

  private checkSize(value: JsonObject, findings: readonly GuardFinding[], exchange: GuardedExchange): Guarded<JsonObject> {
    const { maxBytes, maxBytesPerHour, maxTextLength, unusualFactor } = this.limits;
    const noted = [...findings];
    const note = (id: string, action: GuardFinding['action'], pointer = '') => void noted.push({ direction: 'out', category: 'size', id, action, pointer, count: 1 });
    const cut = truncated(value, maxTextLength, (pointer) => note('truncated', 'redacted', pointer));
    const bytes = sizeOf(cut);
    if (bytes > maxBytes) {
      note('too-large', 'blocked');
      return refused('size/too-large', noted);
    }
    if (!this.meter.take(`${exchange.principalKey} ${exchange.server}`, bytes, maxBytesPerHour)) {
      note('too-much-in-an-hour', 'blocked');
      return refused('size/too-much-in-an-hour', noted);
    }
    if (this.meter.isUnusual(`${exchange.server} ${exchange.target}`, bytes, unusualFactor)) note('unusual', 'risk');
    return { ok: true, value: cut, findings: noted };
  }

  private async throughDlp(guarded: Guarded<JsonObject> & { readonly ok: true }, exchange: GuardedExchange, dlp: DlpService): Promise<Guarded<JsonObject>> {
    const verdict = await dlp.inspect(guarded.value, exchange);
    const findings = [...guarded.findings, ...verdict.ids.map((id): GuardFinding => ({ direction: 'out', category: 'dlp', id, action: verdict.action === 'block' ? 'blocked' : verdict.action === 'replace' ? 'redacted' : 'allowed', pointer: '', count: 1 }))];
    if (verdict.action === 'block') return refused(`dlp/${verdict.ids[0] ?? 'refused'}`, findings);
    const value = verdict.action === 'replace' ? verdict.value : guarded.value;
    if (value !== guarded.value && !this.isPromised(value, exchange)) return refused('schema/redaction-breaks-output-schema', findings);
    return { ...guarded, value, findings };
  }

  private isPromised(result: JsonObject, { isPromised }: GuardedExchange): boolean {
    return isPromised === undefined || result.isError === true || isPromised(result.structuredContent);
  }

  /** A text of a question that gives orders is labelled; there is nobody else to decide on it. */
  private labelled(params: JsonObject, { server }: GuardedExchange, pass: Redaction): JsonObject {
    const { message } = params;
    if ((this.policy.instructions ?? 'annotate') !== 'annotate' || typeof message !== 'string' || findOrders(message) === undefined) return params;
    pass.note('instructions', 'TC-901', 'annotated', '/message');
    return { ...params, message: annotated(message, server) };
  }

  private revealed(value: JsonObject, exchange: GuardedExchange): JsonObject {
    const { tokeniser } = this;
    if (tokeniser === undefined || !rulesFor(this.policy, exchange.groups).reveal) return value;
    const text = JSON.stringify(value);
    if (!text.includes('[sealed:')) return value;
    return JSON.parse(text, (_key, member: JsonValue) => (typeof member === 'string' ? tokeniser.reveal(member) : member)) as JsonObject;
  }

  private redaction(exchange: GuardedExchange, number?: 'marker' | 'zero'): Redaction {
    return new Redaction(this.inspectionFor(exchange), exchange.server, number);
  }

  private inspectionFor({ groups }: GuardedExchange): Inspection {
    return { scanner: this.scanner, policy: this.policy, rules: rulesFor(this.policy, groups), tokeniser: this.policy.reversible ? this.tokeniser : undefined };
  }
}

function refused(reason: string, findings: readonly GuardFinding[]): Guarded<never> {
  return { ok: false, reason, findings };
}

/** The messages of a prompt, whose contents are blocks. */
function guardMessages(messages: readonly JsonValue[], pass: Redaction): JsonValue[] {
  let result = messages as JsonValue[];
  messages.forEach((message, index) => {
    const pointer = `/messages/${index}`;
    const after = isJsonObject(message) ? guardMessage(message, pass, pointer) : pass.structured(message, undefined, pointer);
    if (after === message) return;
    if (result === messages) result = [...messages];
    result[index] = after as JsonValue;
  });
  return result;
}

function guardMessage(message: JsonObject, pass: Redaction, pointer: string): JsonObject {
  let changed = false;
  const members = Object.entries(message).map(([key, member]): [string, JsonValue | undefined] => {
    const at = `${pointer}/${key}`;
    const isBlock = key === 'content' && isJsonObject(member);
    const after = key === 'content' && Array.isArray(member) ? pass.blocks(member, at) : isBlock ? pass.contentBlock(member, at) : pass.structured(member, key, at);
    changed ||= after !== member;
    return [key, after];
  });
  return changed ? Object.fromEntries(members) : message;
}

/** Says in `_meta` that something was taken out or labelled, and of what kind. */
function marked(value: JsonObject, pass: Redaction): JsonObject {
  const marks = pass.findings.filter(({ action }) => action !== 'allowed').map(({ category, id, action, pointer, count }) => ({ category, id, action, pointer, count }));
  return { ...value, _meta: { ...(isJsonObject(value._meta) ? value._meta : {}), 'mcp-zero-trust/guard': marks } };
}

import { isJsonObject, type JsonObject, type JsonValue } from '../../protocol';
import type { GuardFinding } from '../finding';
import { contradictsType, sniffType } from '../look-inside';
import { pointerStep } from '../problem';
import { applyEdits, type Edit } from './edits';
import { dataEdits, insideBytes, inspectText, marker, type FoundEdit, type Inspection } from './inspect';
import { annotated, findOrders, isAnnotated } from './instructions';
import { LONGEST_OPEN } from './open-end';
import { REACH, straddling } from './straddling';

/** Texts of structured content are read together, each a sentence of its own. */
const PART = '\n\n';

/**
 * One pass over what a server sent: takes out what must not pass, and notes what it was. Nothing of what came in is changed;
 * where nothing had to be, the same value comes back.
 */
export class Redaction {
  /** Why the whole must not pass; the first reason counts. */
  blocked: string | undefined;
  private readonly found = new Map<string, GuardFinding & { count: number }>();
  /** Texts of values that are no blocks of their own, for the detector. */
  private parts: string[] = [];
  private partsPointer = '';

  constructor(
    private readonly inspection: Inspection,
    private readonly server: string,
    /** What stands for a number that was removed. */
    private readonly number: 'marker' | 'zero' = 'marker',
  ) {}

  get findings(): readonly GuardFinding[] {
    return [...this.found.values()];
  }

  note(category: string, id: string, action: GuardFinding['action'], pointer: string): void {
    const key = `${category}/${id}/${action}/${pointer}`;
    const known = this.found.get(key);
    if (known === undefined) this.found.set(key, { direction: 'out', category, id, action, pointer, count: 1 });
    else known.count += 1;
  }

  block(category: string, id: string, pointer: string): void {
    this.note(category, id, 'blocked', pointer);
    this.blocked ??= `${category}/${id}`;
  }

  /** Any value: every string in it, names included. */
  value(value: JsonValue | undefined, name: string | undefined, pointer: string): JsonValue | undefined {
    if (typeof value === 'string') return this.string(value, name, pointer);
    if (typeof value === 'number') return this.numeric(value, name, pointer);
    if (typeof value !== 'object' || value === null) return value;
    return Array.isArray(value) ? this.array(value, name, pointer) : this.object(value, name, pointer);
  }

  /** A value that is no block: its texts together must not give orders either. */
  structured(value: JsonValue | undefined, name: string | undefined, pointer: string): JsonValue | undefined {
    this.parts = [];
    this.partsPointer = pointer;
    const result = this.value(value, name, pointer);
    this.judgeParts();
    return result;
  }

  /** A list of content blocks, in which a secret may stand across two. */
  blocks(blocks: readonly JsonValue[], pointer: string): JsonValue[] {
    const edits = straddling(blocks, (text) => dataEdits(text, undefined, this.inspection));
    let result = blocks as JsonValue[];
    blocks.forEach((block, index) => {
      const at = pointer + pointerStep(index);
      const after = isJsonObject(block) ? this.contentBlock(block, at, edits.get(index) ?? []) : this.value(block, undefined, at);
      if (after === block) return;
      if (result === blocks) result = [...blocks];
      result[index] = after as JsonValue;
    });
    return this.judgeTogether(result, pointer);
  }

  /** A text block, an image, an embedded resource, a link: or one of `contents` of a resource. */
  contentBlock(block: JsonObject, pointer: string, edits: readonly FoundEdit[] = []): JsonObject {
    const { data, blob, text, mimeType, resource } = block;
    const claimed = typeof mimeType === 'string' ? mimeType : undefined;
    const binary = typeof data === 'string' ? data : typeof blob === 'string' ? blob : undefined;
    if (binary !== undefined) {
      const removed = this.binary(binary, claimed, pointer);
      if (removed !== undefined) return withoutBinary(block, removed);
    }
    if (typeof text === 'string' && this.inspection.policy.disguised !== 'allow' && claimed !== undefined && contradictsType(claimed, sniffType(Buffer.from(text.slice(0, 512))))) {
      this.note('type', 'contradicts-mime-type', 'blocked', pointer);
      return { ...block, text: marker('contradicts-mime-type'), mimeType: 'text/plain' };
    }
    const result: JsonObject = {};
    let changed = false;
    for (const [key, member] of Object.entries(block)) {
      const at = pointer + pointerStep(key);
      const after =
        key === 'text' && typeof member === 'string' ? this.text(member, at, edits)
        : key === 'resource' && isJsonObject(resource) ? this.contentBlock(resource, at)
        : key === 'content' && Array.isArray(member) ? this.blocks(member, at)
        : (key === 'data' || key === 'blob') && binary !== undefined ? member
        : this.structured(member, key, at);
      changed ||= after !== member;
      result[key] = after;
    }
    return changed ? result : block;
  }

  /** A text that is a block of its own: its data, and whether it gives orders. */
  text(text: string, pointer: string, edits: readonly FoundEdit[] = []): string {
    const clean = this.edited(text, undefined, pointer, edits);
    const { instructions = 'annotate' } = this.inspection.policy;
    if (instructions === 'allow' || isAnnotated(clean)) return clean;
    const orders = findOrders(clean);
    if (orders === undefined) return clean;
    return this.withOrders(clean, orders.ruleIds, orders.edits, pointer);
  }

  private withOrders(text: string, ruleIds: readonly string[], edits: readonly Edit[], pointer: string): string {
    const { instructions = 'annotate' } = this.inspection.policy;
    for (const id of ruleIds) {
      if (instructions === 'block') this.block('instructions', id, pointer);
      else this.note('instructions', id, instructions === 'redact' ? 'redacted' : 'annotated', pointer);
    }
    return instructions === 'redact' ? applyEdits(text, edits) : annotated(text, this.server);
  }

  /** The text without what must not pass. JSON stays JSON. */
  edited(text: string, name: string | undefined, pointer: string, more: readonly FoundEdit[] = []): string {
    const edits = [...more, ...inspectText(text, name, this.inspection)];
    const escaped = text.includes('\\') ? this.escapedJson(text, pointer) : undefined;
    if (escaped !== undefined) return escaped;
    if (edits.length === 0) return text;
    this.noteEdits(edits, pointer);
    const result = applyEdits(text, edits);
    return isJsonText(text) && !isJsonText(result) ? this.quoted(text, edits, pointer) : result;
  }

  /** A removed number of a JSON text becomes a text. */
  private quoted(text: string, edits: readonly FoundEdit[], pointer: string): string {
    const quoted = applyEdits(text, edits.map((edit) => asJsonString(text, edit)));
    if (isJsonText(quoted)) return quoted;
    this.note('type', 'unreadable', 'redacted', pointer);
    return JSON.stringify(marker('unreadable'));
  }

  /** JSON whose strings say something else than its text: `\u0041KIA...`. `undefined` where its values are clean. */
  private escapedJson(text: string, pointer: string): string | undefined {
    const parsed = parseJson(text);
    if (parsed === undefined) return undefined;
    const inner = new Redaction({ ...this.inspection, policy: { ...this.inspection.policy, instructions: 'allow' } }, this.server);
    const clean = inner.value(parsed, undefined, '');
    if (clean === parsed) return undefined;
    for (const finding of inner.findings) this.adopt(finding, pointer);
    if (inner.blocked !== undefined) this.blocked ??= inner.blocked;
    return JSON.stringify(clean, null, indentOf(text));
  }

  /** What of `text` only shows behind the text before it, or began there. */
  crossing(before: string, text: string, inspection: Inspection): readonly FoundEdit[] {
    if (before === '') return [];
    const border = before.length;
    const read = text.slice(0, LONGEST_OPEN);
    const edits = dataEdits(before + read, undefined, inspection).filter(({ end }) => end > border);
    this.noteEdits(edits, '');
    // Of one that goes on beyond what is read, all that follows is part.
    return edits.map((edit) => ({ ...edit, start: Math.max(0, edit.start - border), end: edit.end === border + read.length ? text.length : edit.end - border }));
  }

  private adopt(finding: GuardFinding, pointer: string): void {
    this.note(finding.category, finding.id, finding.action, pointer);
  }

  private string(text: string, name: string | undefined, pointer: string): string {
    const clean = this.edited(text, name, pointer);
    if (clean.length > 12) this.parts.push(clean);
    return clean;
  }

  private numeric(value: number, name: string | undefined, pointer: string): JsonValue {
    if (Number.isInteger(value) && Math.abs(value) < 100) return value;
    const edits = dataEdits(String(value), name, this.inspection);
    if (edits.length === 0) return value;
    this.noteEdits(edits, pointer);
    return this.number === 'zero' ? 0 : marker(edits[0]!.id);
  }

  private array(value: JsonValue[], name: string | undefined, pointer: string): JsonValue[] {
    let result = value;
    for (let index = 0; index < value.length; index++) {
      const before = value[index]!;
      const after = this.value(before, name, pointer + pointerStep(index));
      if (after === before) continue;
      if (result === value) result = [...value];
      result[index] = after as JsonValue;
    }
    return result;
  }

  private object(value: JsonObject, _name: string | undefined, pointer: string): JsonObject {
    const members: [string, JsonValue | undefined][] = [];
    let changed = false;
    for (const key of Object.keys(value)) {
      const cleanKey = key.length < 12 ? key : this.edited(key, undefined, pointer);
      const after = this.value(value[key], key, pointer + pointerStep(cleanKey));
      changed ||= cleanKey !== key || after !== value[key];
      members.push([cleanKey, after]);
    }
    return changed ? Object.fromEntries(members) : value;
  }

  /** What must go of binary data: `undefined` where they may pass. */
  private binary(data: string, claimed: string | undefined, pointer: string): string | undefined {
    const bytes = Buffer.from(data, 'base64');
    if (this.inspection.policy.disguised !== 'allow' && contradictsType(claimed, sniffType(bytes))) {
      this.note('type', 'contradicts-mime-type', 'blocked', pointer);
      return 'contradicts-mime-type';
    }
    // What is no base64 may be a secret as it stands.
    const reason = dataEdits(data, undefined, this.inspection).find(({ category }) => category === 'secret') ?? insideBytes(bytes, this.inspection);
    if (reason === undefined) return undefined;
    if (reason.action === 'block' && reason.category !== 'type') this.block(reason.category, reason.id, pointer);
    else this.note(reason.category, reason.id, reason.category === 'type' ? 'blocked' : 'redacted', pointer);
    return reason.id;
  }

  private noteEdits(edits: readonly FoundEdit[], pointer: string): void {
    for (const { category, id, action } of edits) {
      if (action === 'block') this.block(category, id, pointer);
      else this.note(category, id, 'redacted', pointer);
    }
  }

  /** Orders that only show when the blocks are read in a row. */
  private judgeTogether(blocks: JsonValue[], pointer: string): JsonValue[] {
    const { instructions = 'annotate' } = this.inspection.policy;
    if (instructions === 'allow' || blocks.length < 2) return blocks;
    const texts = blocks.map((block) => (isJsonObject(block) && typeof block.text === 'string' && !isAnnotated(block.text) ? block.text : undefined));
    const together = texts.filter((text) => text !== undefined).map((text) => text.slice(0, 2 * REACH)).join(' ');
    if (texts.filter((text) => text !== undefined).length < 2) return blocks;
    const orders = findOrders(together.slice(0, 32 * REACH));
    if (orders === undefined) return blocks;
    return blocks.map((block, index) => (texts[index] === undefined ? block : { ...(block as JsonObject), text: this.withOrders(texts[index], orders.ruleIds, [{ start: 0, end: texts[index].length, replacement: marker('instructions') }], `${pointer}${pointerStep(index)}/text`) }));
  }

  /** Structured values cannot be labelled; what gives orders there is removed or refuses the whole, or is only noted. */
  private judgeParts(): void {
    const { parts, partsPointer } = this;
    this.parts = [];
    const { instructions = 'annotate' } = this.inspection.policy;
    if (instructions === 'allow' || parts.length === 0) return;
    const orders = findOrders(parts.join(PART));
    for (const id of orders?.ruleIds ?? []) {
      if (instructions === 'annotate') this.note('instructions', id, 'annotated', partsPointer);
      else this.block('instructions', id, partsPointer);
    }
  }
}

function withoutBinary(block: JsonObject, id: string): JsonObject {
  if (block.type === 'image' || block.type === 'audio') return { type: 'text', text: marker(id) };
  const { blob: _blob, data: _data, ...rest } = block;
  return { ...rest, mimeType: 'text/plain', text: marker(id) };
}

function asJsonString(text: string, edit: FoundEdit): FoundEdit {
  let { start, end } = edit;
  while (start > 0 && /[-+.0-9eE]/.test(text[start - 1]!)) start--;
  while (end < text.length && /[-+.0-9eE]/.test(text[end]!)) end++;
  const isBare = /[:,[\s]/.test(text[start - 1] ?? ' ') && /[,\]}\s]/.test(text[end] ?? ' ');
  return isBare ? { ...edit, start, end, replacement: JSON.stringify(edit.replacement) } : edit;
}

/** The value of a text that is JSON of an object or a list. */
export function parseJson(text: string): JsonValue | undefined {
  if (!/^\s{0,64}[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function isJsonText(text: string): boolean {
  return parseJson(text) !== undefined;
}

/** How a JSON text is indented. */
export function indentOf(text: string): string | number {
  return /^\s{0,64}[[{]\n([ \t]{1,16})/.exec(text)?.[1] ?? 0;
}

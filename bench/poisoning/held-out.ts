/** Definitions that we wrote for measuring alone: poisoned ones in a helpful tone, and honest ones that look bad. Nothing learns from them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { detect, textFields, type Verdict } from '../../lambda/detection';
import type { ToolDefinition } from '../../lambda/protocol';
import type { Definition } from '../../training/corpus';
import { wilson, type Share } from './statistics';

interface HeldOut {
  readonly name: string;
  readonly description: string;
  /** Descriptions of its parameters, by their names. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Of a poisoned one. */
  readonly attack?: string;
}

export interface HeldOutFigures {
  readonly poisoned: Readonly<Record<'rejected' | 'rejected or reviewed', Share>>;
  readonly honest: Readonly<Record<'rejected' | 'rejected or reviewed', Share>>;
  /** Poisoned ones that were rejected or reviewed, by what they do. */
  readonly byAttack: readonly (readonly [attack: string, noticed: Share])[];
}

/** `unread` are those whose verdicts nobody has looked at one by one. */
export type Collection = 'read' | 'unread';

const FILES = { read: { poisoned: 'poisoned.jsonl', honest: 'honest.jsonl' }, unread: { poisoned: 'unread-poisoned.jsonl', honest: 'unread-honest.jsonl' } } as const;

/** What the detector that ships says of them. */
export function heldOut(collection: Collection): HeldOutFigures {
  const files = FILES[collection];
  const poisoned = judged(files.poisoned);
  const attacks = [...new Set(poisoned.map(({ attack }) => attack!))].sort();
  return {
    poisoned: shares(poisoned),
    honest: shares(judged(files.honest)),
    byAttack: attacks.map((attack) => [attack, shares(poisoned.filter((one) => one.attack === attack))['rejected or reviewed']]),
  };
}

function judged(file: string): readonly { readonly attack?: string; readonly verdict: Verdict }[] {
  return definitionsIn(file).map(({ attack, tool }) => ({ attack, verdict: detect(tool as unknown as ToolDefinition).verdict }));
}

/** Poisoned and honest ones of the first collection, as other scanners are asked about them. */
export function heldOutDefinitions(): readonly Definition[] {
  return [...definitionsIn(FILES.read.poisoned), ...definitionsIn(FILES.read.honest)];
}

function definitionsIn(file: string): readonly Definition[] {
  return readFileSync(join(__dirname, 'held-out', file), 'utf8').trim().split('\n').map((line) => {
    const { name, description, parameters, attack } = JSON.parse(line) as HeldOut;
    const properties = Object.fromEntries(Object.entries(parameters).map(([parameter, about]) => [parameter, { type: 'string', description: about }]));
    const tool = { name, description, inputSchema: { type: 'object', properties } };
    return { id: name, source: file, family: name, malicious: attack !== undefined, attack, tool, fields: textFields(tool) };
  });
}

function shares(judgements: readonly { readonly verdict: Verdict }[]): HeldOutFigures['honest'] {
  const share = (counts: (verdict: Verdict) => boolean) => wilson(judgements.filter(({ verdict }) => counts(verdict)).length, judgements.length);
  return { rejected: share((verdict) => verdict === 'reject'), 'rejected or reviewed': share((verdict) => verdict !== 'approve') };
}

import type { Pin } from '../pin';
import type { Approval, LifeCycleState, ScanResult, Step, StepAction, ToolRecord } from './record';

/** A definition that a server offers. */
export type Sighting = Pick<ToolRecord, 'subject' | 'pin' | 'sensitive' | 'body' | 'resembles'>;

/** What may happen to a subject. */
export type Command =
  /** Its server offers this definition. */
  | ({ readonly action: 'observe' } & Sighting)
  | { readonly action: 'scan'; readonly scan: ScanResult }
  | { readonly action: 'submit' }
  | {
      readonly action: 'approve';
      /** What the person has read. @default - the definition that was seen last */
      readonly pin?: Pin;
      /** Of the definition, when this approval completes. */
      readonly version: string;
      readonly expiresAt: string;
      /** Needed where the scan rejected it. @default false */
      readonly despiteFindings?: boolean;
      /** What whoever carries it out found out by itself: nothing that others wrote into the record softens it. @default - the record is believed */
      readonly own?: { readonly verdict: ScanResult['verdict']; readonly sensitive: boolean };
      /** Whose endorsements count. @default - all that the record names */
      readonly endorsers?: readonly string[];
    }
  /** A quarantine was a mistake: what was approved before goes on being approved, for as long as it would have been. */
  | {
      readonly action: 'reinstate';
      /** By the log, which believes no record. */
      readonly approval: Omit<Approval, 'revision'>;
      /** Of the definition, by whoever carries it out. */
      readonly verdict: ScanResult['verdict'];
    }
  | { readonly action: 'reject' | 'quarantine' | 'revoke' };

/** Who takes the step, when and why. */
export interface Actor {
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly why: string;
}

export interface LifeCycleRules {
  /** How many people a definition needs. */
  approversOf(record: ToolRecord): number;
}

export type Outcome =
  | { readonly ok: true; readonly record: ToolRecord; /** False where the command says what is so already. */ readonly changed: boolean }
  | { readonly ok: false; readonly why: string };

/** States that a step may start from. */
const FROM: Readonly<Record<'scan' | 'submit' | 'approve' | 'reinstate' | 'reject' | 'quarantine' | 'revoke', readonly LifeCycleState[]>> = {
  scan: ['discovered', 'scanned', 'review', 'approved', 'quarantined'],
  submit: ['scanned'],
  approve: ['review', 'quarantined', 'approved'],
  reinstate: ['quarantined'],
  reject: ['discovered', 'scanned', 'review', 'quarantined'],
  quarantine: ['discovered', 'scanned', 'review', 'approved'],
  revoke: ['discovered', 'scanned', 'review', 'approved', 'quarantined'],
};

/**
 * The record after `command`, or why it may not be. Pure: who, when and why come in with `actor`. `revision` is the one that
 * the new record will have.
 */
export function advance(record: ToolRecord | undefined, command: Command, actor: Actor, rules: LifeCycleRules, revision: number): Outcome {
  if (command.action === 'observe') return observe(record, command, actor);
  if (record === undefined) return { ok: false, why: 'nothing is known of it: no server has offered it yet' };
  const { action } = command;
  if (action === 'quarantine' && record.state === 'quarantined') return { ok: true, record, changed: false };
  if (!FROM[action].includes(record.state)) return { ok: false, why: `it is ${record.state}, and ${PHRASES[action]} starts from ${listOf(FROM[action])}` };
  switch (action) {
    case 'scan':
      return moved({ ...record, scan: command.scan }, action, record.state === 'discovered' ? 'scanned' : record.state, actor);
    case 'submit':
      return moved(record, action, 'review', actor);
    case 'approve':
      return approve(record, command, actor, rules, revision);
    case 'reinstate':
      return reinstate(record, command, actor, revision);
    case 'reject':
    case 'revoke':
      return moved({ ...record, endorsements: [] }, action, 'revoked', actor);
    case 'quarantine':
      return moved({ ...record, endorsements: [] }, action, 'quarantined', actor);
  }
}

const PHRASES = { scan: 'a scan', submit: 'a review', approve: 'an approval', reinstate: 'the end of a quarantine', reject: 'a rejection', quarantine: 'a quarantine', revoke: 'a revocation' } as const;

/** Whether a definition with this pin has something to say about the record. What was approved last ends no quarantine. */
export function isNews(record: ToolRecord | undefined, pin: Pin): boolean {
  return record === undefined || (record.pin !== pin && !(record.state === 'quarantined' && record.approval?.pin === pin));
}

/** A changed definition is never served on the strength of the one before (TD-4): what was approved goes into quarantine. */
function observe(record: ToolRecord | undefined, { action: _, ...sighting }: { readonly action: 'observe' } & Sighting, actor: Actor): Outcome {
  const { pin, sensitive, body } = sighting;
  if (record === undefined) {
    return { ok: true, changed: true, record: { ...sighting, state: 'discovered', endorsements: [], steps: [{ action: 'discover', to: 'discovered', pin, ...actor }] } };
  }
  if (!isNews(record, pin)) return { ok: true, record, changed: false };
  const to: LifeCycleState = record.state === 'approved' || record.state === 'quarantined' ? 'quarantined' : 'discovered';
  // What once was sensitive stays so: a definition cannot talk itself out of the second person.
  return moved({ ...withoutScan(record), pin, body, sensitive: sensitive || record.sensitive, endorsements: [] }, 'change', to, actor);
}

function approve(record: ToolRecord, command: Extract<Command, { action: 'approve' }>, actor: Actor, rules: LifeCycleRules, revision: number): Outcome {
  const { pin = record.pin, version, expiresAt, despiteFindings = false, own, endorsers } = command;
  const isReturn = pin !== record.pin && record.state === 'quarantined' && pin === record.approval?.pin;
  if (pin !== record.pin && !isReturn) return { ok: false, why: 'its definition is another one now than that which was read' };
  if (!isReturn && record.scan === undefined && own === undefined) return { ok: false, why: 'its definition was not scanned yet' };
  const isRejected = own?.verdict === 'reject' || (!isReturn && record.scan?.verdict === 'reject');
  if (isRejected && !despiteFindings) return { ok: false, why: 'the scan rejects it; a person may overrule the findings, and has to say so' };
  const given = record.endorsements.filter((endorsement) => endorsement.pin === pin && (endorsers?.includes(endorsement.by) ?? true));
  if (given.some(({ by }) => by === actor.by)) return { ok: false, why: `${actor.by} has approved it already, another person has to` };
  const endorsements = [...given, { pin, ...actor }];
  const sensitive = record.sensitive || own?.sensitive === true;
  if (endorsements.length < rules.approversOf({ ...record, sensitive })) return moved({ ...record, sensitive, endorsements }, 'endorse', record.state, actor, pin);
  const approval = { pin, version, revision, at: actor.at, expiresAt, by: endorsements.map(({ by }) => by) };
  return moved({ ...(isReturn ? withoutScan(record) : record), pin, sensitive, endorsements: [], approval }, 'approve', 'approved', actor);
}

function reinstate(record: ToolRecord, { approval, verdict }: Extract<Command, { action: 'reinstate' }>, actor: Actor, revision: number): Outcome {
  if (record.pin !== approval.pin) return { ok: false, why: 'its definition is another one than that which was approved, so people have to approve it' };
  if (Date.parse(actor.at) >= Date.parse(approval.expiresAt)) return { ok: false, why: 'its approval has ended by itself, so people have to approve it again' };
  if (verdict === 'reject') return { ok: false, why: 'the scan rejects it by now, so people have to approve it again' };
  return moved({ ...record, endorsements: [], approval: { ...approval, revision } }, 'reinstate', 'approved', actor);
}

function withoutScan({ scan: _, ...rest }: ToolRecord): ToolRecord {
  return rest;
}

function moved(record: ToolRecord, action: StepAction, to: LifeCycleState, actor: Actor, pin: Pin = record.pin): Outcome {
  const step: Step = { action, from: record.state, to, pin, ...actor };
  return { ok: true, changed: true, record: { ...record, state: to, steps: [...record.steps, step] } };
}

function listOf(states: readonly LifeCycleState[]): string {
  return states.length < 2 ? states.join('') : `${states.slice(0, -1).join(', ')} or ${states.at(-1)}`;
}

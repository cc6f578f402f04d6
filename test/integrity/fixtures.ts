import { generateKeyPairSync, sign } from 'node:crypto';
import {
  createApprovalLog,
  createHeadVerifier,
  createRegistryView,
  createToolRegistry,
  keyIdOf,
  pinOf,
  subjectId,
  type ApprovalLog,
  type ApprovalPolicy,
  type HeadMemory,
  type PinnedDefinition,
  type PublicHeadSigner,
  type RefreshedView,
  type Scan,
  type StateChange,
  type Subject,
  type ToolRegistry,
} from '../../lambda/integrity';
import type { JsonObject, JsonValue } from '../../lambda/protocol';
import type { DocumentStore } from '../../lambda/stores';

export function createSigner(): PublicHeadSigner {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    keyId: keyIdOf(publicKey),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: async (bytes) => sign('sha256', bytes, privateKey),
  };
}

/** Rejects what says "poison", sends what says "odd" to review, finds nothing in the rest. */
export const scanForWords: Scan = (_subject, definition) => {
  const text = JSON.stringify(definition);
  const findings = ['poison', 'odd'].filter((word) => text.includes(word)).map((word) => ({ ruleId: `T-${word}`, severity: 'high' as const, pointer: '/description', start: 0, end: 1, sentence: `It says ${word}.` }));
  return { verdict: text.includes('poison') ? 'reject' : findings.length > 0 ? 'review' : 'approve', score: findings.length / 2, findings };
};

export interface Instance {
  readonly registry: ToolRegistry;
  readonly log: ApprovalLog;
  readonly view: RefreshedView;
  readonly changes: StateChange[];
  readonly errors: unknown[];
}

export interface InstanceOptions {
  readonly signer?: PublicHeadSigner;
  readonly trusted?: PublicHeadSigner;
  readonly policy?: ApprovalPolicy;
  readonly clock?: () => number;
  readonly memory?: HeadMemory;
  readonly maxStaleMs?: number;
  readonly scan?: Scan;
}

/** One instance of what shares a store with others. Its view is refreshed by hand. */
export function createInstance(store: DocumentStore, { signer, trusted = signer, policy = { twoPersons: 'never' }, clock = Date.now, memory, maxStaleMs = 1e12, scan = scanForWords }: InstanceOptions): Instance {
  const changes: StateChange[] = [];
  const errors: unknown[] = [];
  const log = createApprovalLog({ store, verify: createHeadVerifier(trusted === undefined ? [] : [trusted.publicKey]), signer, memory, clock });
  const registry = createToolRegistry({ store, log, scan, policy, clock, onChange: (change) => changes.push(change) });
  const view = createRegistryView({ registry, log, clock, refreshMs: 1e9, maxStaleMs, onError: (error) => errors.push(error) });
  return { registry, log, view, changes, errors };
}

export const READ: Subject = { server: 'files', tool: 'read' };

export function toolNamed(name: string, description = 'Reads a file.', more: JsonObject = {}): JsonObject {
  return { name, description, inputSchema: { type: 'object', properties: { path: { type: 'string' } } }, annotations: { readOnlyHint: true, openWorldHint: false }, ...more };
}

export function offer(subject: Subject, definition: JsonValue): PinnedDefinition {
  return { id: subjectId(subject), pin: pinOf(definition), definition };
}

/** Observed and approved, as everyone sees it. */
export async function approved({ registry, view }: Instance, subject: Subject, definition: JsonValue): Promise<void> {
  await registry.observe(subject, definition, 'test');
  await registry.approve(subjectId(subject), { by: 'alice', why: 'read it' });
  await view.refresh();
}

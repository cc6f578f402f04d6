import { createResponder, incidentId, type Action, type ActionKind, type Containment, type Executor, type Executors, type Incident, type ResponderOptions, type ResponseEvent, holdId, CONTAINMENT_KINDS } from '../../lambda/response';
import type { DocumentStore } from '../../lambda/stores';
import { memoryStore } from '../grants/fixtures';

export const AT = '2026-11-22T12:00:00Z';
export const BOB = { kind: 'principal', type: 'User', id: 'bob', issuer: 'https://issuer.example' } as const;
export const READ = { kind: 'tool', server: 'files', tool: 'read' } as const;
export const ADDRESS = { kind: 'address', address: '203.0.113.7' } as const;
export const FILES = { kind: 'server', server: 'files' } as const;
export const ECS = { kind: 'workload', platform: 'ecs', cluster: 'zone', service: 'files' } as const;

const SUBJECTS = {
  tool_poisoning: [READ],
  unauthorised_access: [BOB, ADDRESS],
  exfiltration: [BOB, READ],
  server_compromise: [FILES, ECS],
  denial_of_service: [ADDRESS],
} as const;

/** An incident as somebody would report it. Another event is another incident. */
export function incident(kind: Incident['kind'] = 'unauthorised_access', more: Partial<Incident> = {}, eventId = 'event-1'): Incident {
  const source = { name: 'test', eventId };
  return {
    kind,
    id: incidentId(source),
    severity: 'high',
    at: AT,
    why: 'somebody looked',
    source,
    subjects: SUBJECTS[kind],
    evidence: [{ kind: 'audit', from: '2026-11-22T11:45:00Z', to: '2026-11-22T12:15:00Z' }],
    ...more,
  } as Incident;
}

/** Where things are contained: `free` or by whom. Others may contain them too. */
export class World {
  readonly contained = new Map<string, string>();
  /** What was done, in order. */
  readonly log: string[] = [];
  /** Called before and after each effect; may throw. */
  interrupt: (when: 'before' | 'after', what: string) => void | Promise<void> = () => undefined;

  executor<A extends Containment>(): Executor<A> {
    const effect = async (what: string, action: A, change: () => void) => {
      await this.interrupt('before', what);
      change();
      this.log.push(`${what} ${holdId(action)}`);
      await this.interrupt('after', what);
    };
    return {
      observe: async (action) => {
        const by = this.contained.get(holdId(action));
        return { is: by === undefined ? 'it is free' : `it is contained by ${by}`, contained: by !== undefined, value: {} };
      },
      apply: async (action) => {
        await effect('apply', action, () => this.contained.set(holdId(action), 'response'));
        return 'it is contained';
      },
      undo: async (action) => {
        await effect('undo', action, () => this.contained.delete(holdId(action)));
        return 'it is free';
      },
    };
  }

  note<A extends Action>(kind: string): Executor<A> {
    const say = async (what: string) => {
      await this.interrupt('before', what);
      this.log.push(`${what} ${kind}`);
      return what;
    };
    return { observe: async () => ({ is: '', contained: false, value: {} }), apply: () => say('apply'), undo: () => say('undo') };
  }

  executors(): Executors {
    const kinds: readonly (readonly [ActionKind, unknown])[] = [...CONTAINMENT_KINDS.map((kind) => [kind, this.executor()] as const), ['preserve_evidence', this.note('preserve_evidence')], ['notify', this.note('notify')]];
    return Object.fromEntries(kinds) as Executors;
  }
}

export function start(options: Partial<ResponderOptions> = {}) {
  const world = new World();
  const store: DocumentStore = options.store ?? memoryStore();
  const events: ResponseEvent[] = [];
  let now = Date.parse(AT);
  const again = () => createResponder({ store, executors: world.executors(), clock: () => (now += 1_000), onEvent: (event) => void events.push(event), ...options });
  return { world, store, events, responder: again(), /** Another process on the same table. */ again };
}

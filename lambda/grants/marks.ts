import { isJsonObject, type JsonObject } from '../protocol';
import { RevisionConflict, type DocumentStore } from '../stores';
import { keyOf, withoutClaims, type GrantPrincipal } from './grant';

/** What can be revoked or blocked at once. */
export type Target =
  | { readonly kind: 'everything' }
  | { readonly kind: 'principal'; readonly principal: GrantPrincipal }
  | { readonly kind: 'server'; readonly server: string }
  | { readonly kind: 'tool'; readonly server: string; readonly tool: string };

/** What was last done to a target. Each change takes every grant away that concerns it (JIT-4). */
export interface Mark {
  readonly target: Target;
  /** Whether every call is refused, and not the grants alone: the kill switch. */
  readonly blocked: boolean;
  readonly by: GrantPrincipal;
  readonly at: number;
  readonly why: string;
}

/** The marks at one moment. */
export interface Marks {
  /**
   * Grows with each revocation that concerns grants of `principal` for this tool. A grant holds while it is what it was when
   * the grant was asked for: no clock decides which came first.
   */
  generationOf(principal: GrantPrincipal, server: string, tool: string): number;
  /** The mark that blocks this principal, server or tool, where there is one. Without a tool: whether all of them are. */
  blockOf(principal: GrantPrincipal, server: string, tool?: string): Mark | undefined;
  readonly all: readonly Mark[];
  /** Nothing is blocked. */
  readonly isQuiet: boolean;
}

export interface MarkStore {
  /** Sees every mark that was set before it was called. */
  read(): Promise<Marks>;
  /** Takes all grants away that concern the target. */
  set(mark: Mark): Promise<void>;
}

const COLLECTION = 'revocations';

/** The name of a target among the marks. */
export function targetId(target: Target): string {
  switch (target.kind) {
    case 'everything':
      return 'everything';
    case 'principal':
      return `principal ${keyOf(target.principal)}`;
    case 'server':
      return `server ${target.server}`;
    case 'tool':
      return `tool ${target.server}/${target.tool}`;
  }
}

/** Marks stay for good: nothing that was revoked comes back because a document was cleaned up. */
export function createMarkStore(store: DocumentStore): MarkStore {
  return {
    async read() {
      const documents = await store.list(COLLECTION);
      return marksOf(documents.map(({ id, revision, value }) => ({ id, revision, mark: markOf(value) })));
    },
    async set({ target, blocked, by, at, why }) {
      const id = targetId(target);
      const value = { target: plainTarget(target), blocked, by: withoutClaims(by), at, why } as unknown as JsonObject;
      for (;;) {
        const revision = (await store.get(COLLECTION, id))?.revision ?? 0;
        try {
          await store.put(COLLECTION, id, value, revision);
          return;
        } catch (error) {
          if (!(error instanceof RevisionConflict)) throw error;
        }
      }
    },
  };
}

function plainTarget(target: Target): Target {
  return target.kind === 'principal' ? { kind: 'principal', principal: withoutClaims(target.principal) } : target;
}

function markOf(value: JsonObject): Mark {
  if (!isJsonObject(value.target) || typeof value.blocked !== 'boolean') throw new Error('A document of the revocations is not a mark');
  return value as unknown as Mark;
}

interface StoredMark {
  readonly id: string;
  readonly revision: number;
  readonly mark: Mark;
}

function marksOf(stored: readonly StoredMark[]): Marks {
  const byId = new Map(stored.map((one) => [one.id, one]));
  const concerning = (principal: GrantPrincipal, server: string, tool?: string) =>
    [
      targetId({ kind: 'everything' }),
      targetId({ kind: 'principal', principal }),
      targetId({ kind: 'server', server }),
      ...(tool === undefined ? [] : [targetId({ kind: 'tool', server, tool })]),
    ].flatMap((id) => byId.get(id) ?? []);
  return {
    generationOf: (principal, server, tool) => concerning(principal, server, tool).reduce((sum, { revision }) => sum + revision, 0),
    blockOf: (principal, server, tool) => concerning(principal, server, tool).find(({ mark }) => mark.blocked)?.mark,
    all: stored.map(({ mark }) => mark),
    isQuiet: !stored.some(({ mark }) => mark.blocked),
  };
}

/** Whether `value`, which came over the network, is a target. */
export function isTarget(value: unknown): value is Target {
  if (!isJsonObject(value)) return false;
  const isText = (text: unknown) => typeof text === 'string' && text !== '' && text.length <= 256;
  switch (value.kind) {
    case 'everything':
      return true;
    case 'principal': {
      const { principal } = value;
      return isJsonObject(principal) && (principal.type === 'User' || principal.type === 'Agent') && isText(principal.id) && isText(principal.issuer);
    }
    case 'server':
      return isText(value.server);
    case 'tool':
      return isText(value.server) && isText(value.tool);
    default:
      return false;
  }
}

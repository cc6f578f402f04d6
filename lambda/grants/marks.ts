import { BlockList, isIP, isIPv6 } from 'node:net';
import { isJsonObject, type JsonObject } from '../protocol';
import { RevisionConflict, type Document, type DocumentStore } from '../stores';
import { keyOf, withoutClaims, type GrantPrincipal } from './grant';

/** What can be revoked or blocked at once. */
export type Target =
  | { readonly kind: 'everything' }
  | { readonly kind: 'principal'; readonly principal: GrantPrincipal }
  | { readonly kind: 'server'; readonly server: string }
  | { readonly kind: 'tool'; readonly server: string; readonly tool: string }
  /** Where requests come from: an IP address; of IPv6 its /64, because a single host has a whole one to choose from. */
  | { readonly kind: 'address'; readonly address: string };

/** What was last done to a target. Each change takes every grant away that concerns it (JIT-4). */
export interface Mark {
  readonly target: Target;
  /** Whether every call is refused, and not the grants alone: the kill switch. */
  readonly blocked: boolean;
  readonly by: GrantPrincipal;
  readonly at: number;
  readonly why: string;
}

/**
 * What the response to an incident holds back until it is let go (IR-2). Apart from the marks, so that neither undoes the
 * other: what people blocked stays blocked, and grants that were set aside come back for what is left of their time.
 */
export interface Hold {
  readonly target: Target;
  /** `grants`: the grants that concern the target are good for nothing. `calls`: every call is refused. */
  readonly reach: 'grants' | 'calls';
  /** False once it was let go. */
  readonly held: boolean;
  readonly by: GrantPrincipal;
  readonly at: number;
  readonly why: string;
}

/** The marks at one moment. */
export interface Marks {
  /**
   * Grows with each revocation that concerns grants of `principal` for this tool. A grant holds while it is what it was when
   * the grant was asked for: no clock decides which came first. While a hold sets them aside, it is that of no grant.
   */
  generationOf(principal: GrantPrincipal, server: string, tool: string): number;
  /** What blocks this principal, server, tool or address, where something does. Without a tool: whether all of them are. */
  blockOf(principal: GrantPrincipal, server: string, tool?: string, address?: string): Mark | undefined;
  /** What blocks everything that comes from this address. */
  blockOfAddress(address: string): Mark | undefined;
  /** Whether grants of `principal` for this tool are set aside. */
  areGrantsHeld(principal: GrantPrincipal, server: string, tool: string): boolean;
  readonly all: readonly Mark[];
  readonly holds: readonly Hold[];
  /** Nothing is blocked. */
  readonly isQuiet: boolean;
}

export interface MarkStore {
  /** Sees every mark that was set before it was called. */
  read(): Promise<Marks>;
  /** Takes all grants away that concern the target. */
  set(mark: Mark): Promise<void>;
  /** Begins or ends a hold. No grant is revoked by it, or comes back that was. */
  hold(hold: Hold): Promise<void>;
}

const COLLECTION = 'revocations';
/** Ids of holds begin so; no target's does. */
const HOLD = 'hold ';
/** The generation of no grant. */
const SET_ASIDE = -1;

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
    case 'address':
      return `address ${target.address}`;
  }
}

/** Marks stay for good: nothing that was revoked comes back because a document was cleaned up. */
export function createMarkStore(store: DocumentStore): MarkStore {
  async function write(id: string, value: JsonObject): Promise<void> {
    for (;;) {
      const revision = (await store.get(COLLECTION, id))?.revision ?? 0;
      try {
        await store.put(COLLECTION, id, value, revision);
        return;
      } catch (error) {
        if (!(error instanceof RevisionConflict)) throw error;
      }
    }
  }

  return {
    async read() {
      const documents = await store.list(COLLECTION);
      const isHold = ({ id }: Document) => id.startsWith(HOLD);
      return marksOf(
        documents.filter((one) => !isHold(one)).map(({ id, revision, value }) => ({ id, revision, mark: markOf(value) })),
        documents.filter(isHold).map(({ value }) => holdOf(value)).filter(({ held }) => held),
      );
    },
    set: ({ target, blocked, by, at, why }) => write(targetId(target), { target: plainTarget(target), blocked, by: withoutClaims(by), at, why } as unknown as JsonObject),
    hold: ({ target, reach, held, by, at, why }) => write(`${HOLD}${reach} ${targetId(target)}`, { target: plainTarget(target), reach, held, by: withoutClaims(by), at, why } as unknown as JsonObject),
  };
}

function plainTarget(target: Target): Target {
  return target.kind === 'principal' ? { kind: 'principal', principal: withoutClaims(target.principal) } : target;
}

function markOf(value: JsonObject): Mark {
  if (!isJsonObject(value.target) || typeof value.blocked !== 'boolean') throw new Error('A document of the revocations is not a mark');
  return value as unknown as Mark;
}

function holdOf(value: JsonObject): Hold {
  const isHold = isJsonObject(value.target) && typeof value.held === 'boolean' && (value.reach === 'grants' || value.reach === 'calls');
  if (!isHold) throw new Error('A document of the revocations is not a hold');
  return value as unknown as Hold;
}

interface StoredMark {
  readonly id: string;
  readonly revision: number;
  readonly mark: Mark;
}

function marksOf(stored: readonly StoredMark[], holds: readonly Hold[]): Marks {
  const revisions = new Map(stored.map(({ id, revision }) => [id, revision]));
  const setAside = new Set(holds.filter(({ reach }) => reach === 'grants').map(({ target }) => targetId(target)));
  const refusing = [...stored.map(({ mark }) => mark).filter(({ blocked }) => blocked), ...holds.filter(({ reach }) => reach === 'calls').map(({ target, by, at, why }): Mark => ({ target, blocked: true, by, at, why }))];
  const blocks = new Map(refusing.map((mark) => [targetId(mark.target), mark]));
  const addresses = refusing.flatMap((mark) => (mark.target.kind === 'address' ? [{ mark, list: listOf(mark.target.address) }] : []));
  const concerning = (principal: GrantPrincipal, server: string, tool?: string) => [
    targetId({ kind: 'everything' }),
    targetId({ kind: 'principal', principal }),
    targetId({ kind: 'server', server }),
    ...(tool === undefined ? [] : [targetId({ kind: 'tool', server, tool })]),
  ];
  const areGrantsHeld = (principal: GrantPrincipal, server: string, tool: string) => setAside.size > 0 && concerning(principal, server, tool).some((id) => setAside.has(id));
  const blockOfAddress = (address: string) => (addresses.length === 0 || isIP(address) === 0 ? undefined : addresses.find(({ list }) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'))?.mark);
  return {
    generationOf: (principal, server, tool) => (areGrantsHeld(principal, server, tool) ? SET_ASIDE : concerning(principal, server, tool).reduce((sum, id) => sum + (revisions.get(id) ?? 0), 0)),
    blockOf(principal, server, tool, address) {
      for (const id of concerning(principal, server, tool)) {
        const block = blocks.get(id);
        if (block !== undefined) return block;
      }
      return address === undefined ? undefined : blockOfAddress(address);
    },
    blockOfAddress,
    areGrantsHeld,
    all: stored.map(({ mark }) => mark),
    holds,
    isQuiet: blocks.size === 0,
  };
}

const IPV6_HOST_BITS = 64;

function listOf(address: string): BlockList {
  const list = new BlockList();
  if (isIPv6(address)) list.addSubnet(address, IPV6_HOST_BITS, 'ipv6');
  else list.addAddress(address, 'ipv4');
  return list;
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
    case 'address':
      return typeof value.address === 'string' && isIP(value.address) !== 0;
    default:
      return false;
  }
}

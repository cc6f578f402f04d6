import type { ChainHead } from '../audit';
import { nameOf, type Grant, type GrantOverview } from '../grants';
import type { StoredRecord, ToolRegistry, TreeHead } from '../integrity';
import { describeTarget, showAlert, shown, type ShownAlert } from './shown';
import type { LiveFeed, Totals } from './feed';
import { readHealth, type LiveServer, type ServerHealth } from './health';
import { markedTexts, type MarkedText } from './marked-text';

/** Where the page reads what is not a single happening. */
export interface LiveSources {
  readonly servers: readonly LiveServer[];
  /** @default - there is no registry: the policies alone decide */
  readonly registry?: Pick<ToolRegistry, 'list' | 'definition'>;
  /** @default - there are no grants */
  readonly grants?: () => Promise<GrantOverview>;
  /** Of the audit file. @default - there is none */
  readonly auditHead?: () => ChainHead;
  /** Of the log of approvals. @default - there is none */
  readonly approvalHead?: () => TreeHead | undefined;
  /** Whether behaviour is watched: without it there are no alerts. */
  readonly watchesBehaviour: boolean;
}

/** What each part of the page shows. */
export interface Sections {
  readonly summary: { readonly now: number; readonly totals: Totals; readonly lastMinute: readonly (readonly [served: number, refused: number])[] };
  readonly servers: readonly ServerHealth[];
  readonly tools: ShownTools | Absent;
  readonly grants: ShownGrants | Absent;
  readonly chain: { readonly audit?: ChainHead; readonly approvals?: TreeHead };
  readonly alerts: { readonly watches: boolean; readonly alerts: readonly ShownAlert[] };
}

/** Why a part of the page has nothing to show: it is not configured, or cannot be read now. */
export interface Absent {
  readonly absent: 'not_configured' | 'unreadable';
}

/** Definitions that no model gets to see. */
export interface ShownTools {
  readonly quarantined: readonly ShownTool[];
  readonly waiting: readonly ShownTool[];
  readonly approved: number;
  /** Of those that are not shown, because they are many. */
  readonly more: number;
}

export interface ShownTool {
  readonly id: string;
  readonly state: string;
  readonly since?: string;
  readonly why?: string;
  readonly verdict?: string;
  readonly score?: number;
  readonly findings: readonly { readonly rule: string; readonly severity: string; readonly sentence: string; readonly pointer: string }[];
  readonly texts: readonly MarkedText[];
}

export interface ShownGrants {
  readonly grants: readonly ShownGrant[];
  readonly blocks: readonly { readonly target: string; readonly by: string; readonly since: number; readonly why: string }[];
}

export interface ShownGrant {
  readonly id: string;
  readonly state: Grant['state'];
  readonly principal: string;
  readonly tool: string;
  readonly server: string;
  readonly limit: 'any' | 'exact' | 'condition';
  readonly uses: number;
  readonly used: number;
  /** When it began to run, and when it ends: of a request, until when it is decided. Milliseconds since the epoch. */
  readonly from: number;
  readonly until?: number;
}

const MAX_TOOLS = 50;
const MAX_FINDINGS = 20;
const MAX_GRANTS = 50;

export async function readSections(feed: LiveFeed, sources: LiveSources, now: number): Promise<Sections> {
  const { servers, registry, grants, auditHead, approvalHead, watchesBehaviour } = sources;
  const [tools, granted] = await Promise.all([readOrSay(registry && (() => readTools(registry))), readOrSay(grants && (async () => showGrants(await grants())))]);
  return {
    summary: { now, totals: { ...feed.totals }, lastMinute: feed.lastMinute().map(({ served, refused }) => [served, refused] as const) },
    servers: readHealth(feed, servers),
    tools,
    grants: granted,
    chain: { audit: auditHead?.(), approvals: approvalHead?.() },
    alerts: { watches: watchesBehaviour, alerts: feed.alerts.map(showAlert) },
  };
}

async function readOrSay<T>(read: (() => Promise<T>) | undefined): Promise<T | Absent> {
  try {
    return read === undefined ? { absent: 'not_configured' } : await read();
  } catch {
    return { absent: 'unreadable' };
  }
}

async function readTools(registry: Pick<ToolRegistry, 'list' | 'definition'>): Promise<ShownTools> {
  const records = await registry.list();
  const inState = (...states: readonly string[]) => records.filter(({ record }) => states.includes(record.state));
  const quarantined = inState('quarantined');
  const waiting = inState('review', 'scanned', 'discovered');
  const chosen = quarantined.slice(0, MAX_TOOLS);
  const rest = waiting.slice(0, MAX_TOOLS - chosen.length);
  return {
    quarantined: await Promise.all(chosen.map((stored) => showTool(registry, stored))),
    waiting: await Promise.all(rest.map((stored) => showTool(registry, stored))),
    approved: inState('approved').length,
    more: quarantined.length + waiting.length - chosen.length - rest.length,
  };
}

async function showTool(registry: Pick<ToolRegistry, 'definition'>, { id, record }: StoredRecord): Promise<ShownTool> {
  const { state, pin, scan, steps } = record;
  const last = steps.findLast(({ from, to }) => to === state && from !== to) ?? steps.at(-1);
  const findings = scan?.findings.slice(0, MAX_FINDINGS) ?? [];
  const definition = findings.length === 0 ? undefined : await registry.definition(pin).catch(() => undefined);
  return {
    id: shown(id, 512),
    state,
    since: last?.at,
    why: last && shown(last.why, 400),
    verdict: scan?.verdict,
    score: scan?.score,
    findings: findings.map(({ ruleId, severity, sentence, pointer }) => ({ rule: ruleId, severity, sentence: shown(sentence, 400), pointer: shown(pointer) })),
    texts: definition === undefined ? [] : markedTexts(definition, findings),
  };
}

/** Those that run or wait first; then those that ended last. */
function showGrants({ grants, blocks }: GrantOverview): ShownGrants {
  const isOpen = ({ state }: Grant) => state === 'approved' || state === 'requested';
  const ordered = [...grants.filter(isOpen), ...grants.filter((grant) => !isOpen(grant))];
  return {
    grants: ordered.slice(0, MAX_GRANTS).map(showGrant),
    blocks: blocks.map(({ target, by, at, why }) => ({ target: shown(describeTarget(target)), by: shown(nameOf(by)), since: at, why: shown(why) })),
  };
}

/** Without its arguments, its condition and its purpose: those are for its approver. */
function showGrant(grant: Grant): ShownGrant {
  const { id, state, terms } = grant;
  const { principal, tool, server, uses } = terms;
  const times = grant.state === 'requested' ? { until: grant.decideBy } : grant.state === 'approved' ? { until: grant.expiresAt } : {};
  const from = grant.state === 'approved' ? grant.expiresAt - terms.lifetimeSeconds * 1_000 : grant.requestedAt;
  return { id: id.slice(-8), state, principal: shown(nameOf(principal)), tool: shown(tool), server, limit: terms.arguments.kind, uses, used: 'uses' in grant ? grant.uses.length : 0, from, ...times };
}

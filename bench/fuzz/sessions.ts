/** Whose sessions at a server are whose, and which streams of theirs the gateway may open (MUL-6). */
import type { Arrival } from './fake-servers';
import { fits } from './fits';
import { at } from './loose';
import type { Observed, Opened } from './subject';

const GATEWAYS_OWN = 'mzt-initialize';

/** Remembers for whom the server opened a session: for the one whose message it was, or whose decision had the gateway open one. */
export function noteOpened({ server, opened, text }: Arrival, { allowed, sessions }: Observed): void {
  if (opened === undefined || sessions.has(`${server} ${opened}`)) return;
  const isGateways = at(JSON.parse(text), 'id') === GATEWAYS_OWN;
  const principals = new Set(allowed.filter((decision) => decision.server === server && decision.operation.kind === 'connect').map(({ principal }) => principal));
  sessions.set(`${server} ${opened}`, { principals, isGateways });
}

/** Who the session of the message was opened for; `undefined` where it is in none. */
export function ownerOf({ server, headers }: Arrival, { sessions }: Observed): Opened | undefined {
  const session = headers['mcp-session-id'];
  if (session === undefined) return undefined;
  return sessions.get(`${server} ${String(session)}`) ?? NOBODY;
}

const NOBODY: Opened = { principals: new Set(), isGateways: false };

/**
 * A stream is opened in a session for the principal whose it is: because its client asked for one, because of a call of which the server may
 * ask something beside it, or for the rest of an answer that the server has begun in that session.
 */
export function whyStreamNotAllowed(arrival: Arrival, observed: Observed): string | undefined {
  const { server, headers } = arrival;
  const owner = ownerOf(arrival, observed);
  if (owner === undefined) return 'a stream without a session';
  const decisions = observed.allowed.filter((decision) => decision.server === server && owner.principals.has(decision.principal));
  if (decisions.length === 0) return 'a stream in a session of somebody for whom nothing was decided';
  const lastEventId = headers['last-event-id'] === undefined ? undefined : String(headers['last-event-id']);
  if (!owner.isGateways) return whyListeningNotAllowed(server, lastEventId, decisions, observed);
  if (lastEventId !== undefined) {
    const begun = observed.arrivals.find((other) => other !== arrival && isOf(other, arrival) && eventIdsIn(other).includes(lastEventId));
    if (begun === undefined) return 'the rest of an answer that the server has not begun in this session';
    const asked: unknown = begun.text === '' ? undefined : JSON.parse(begun.text);
    return begun.httpMethod === 'GET' || decisions.some((decision) => fits(decision, asked)) ? undefined : 'the rest of an answer to what no decision allowed';
  }
  const session = String(headers['mcp-session-id']);
  const free = decisions.find(({ operation, streams }) => operation.kind === 'connect' && !streams.has(session));
  free?.streams.add(session);
  return free === undefined ? 'more streams than decisions' : undefined;
}

/** In a session that a client opened, only that client listens. */
function whyListeningNotAllowed(server: string, lastEventId: string | undefined, decisions: Observed['allowed'], { listenings }: Observed): string | undefined {
  const asked = listenings.find((listening) => listening.server === server && listening.uses === 0 && listening.lastEventId === lastEventId);
  const decision = decisions.find(({ operation, uses }) => operation.kind === 'connect' && uses === 0);
  if (asked === undefined) return 'a stream that no client asked for';
  if (decision === undefined) return 'more streams than decisions';
  asked.uses += 1;
  decision.uses += 1;
  return undefined;
}

function isOf(other: Arrival, { server, headers }: Arrival): boolean {
  return other.server === server && other.headers['mcp-session-id'] === headers['mcp-session-id'];
}

function eventIdsIn({ said = [] }: Arrival): string[] {
  return said.join('').split(/\r\n|\r|\n/).flatMap((line) => /^id: ?(.*)$/.exec(line)?.[1] ?? []);
}

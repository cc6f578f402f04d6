import { advance, pinStartingWith, rulesOf, StepRefused, type ApprovalPolicy, type Pin, type ToolRecord, type ToolRegistry } from '../integrity';
import { isJsonObject, type JsonValue } from '../protocol';
import type { Reviews } from './reviews';
import type { Workflows } from './workflow';

/** What a person may ask for. */
export type DecisionRequest =
  | { readonly action: 'approve'; readonly id: string; readonly why: string; /** The first 12 digits, or all. */ readonly pin?: string; readonly despiteFindings?: boolean }
  | { readonly action: 'reject' | 'quarantine' | 'revoke'; readonly id: string; readonly why: string }
  /** Ask all servers again, and open the reviews that are missing. */
  | { readonly action: 'discover' };

export interface DecideOptions {
  readonly registry: ToolRegistry;
  readonly reviews: Reviews;
  readonly workflows: Workflows;
  readonly policy: ApprovalPolicy;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** What came of a request; the message is one sentence. */
export interface DecisionAnswer {
  /** HTTP status. */
  readonly status: 200 | 202 | 400 | 409;
  readonly message: string;
}

const MAX_WHY = 1_000;

/**
 * Takes the decision of the person `by` (TV-3). Who stops a tool stops it at once; an approval goes on its way through the
 * workflow that waits for it, which signs it.
 */
export function createDecide({ registry, reviews, workflows, policy, clock = Date.now }: DecideOptions): (by: string, body: JsonValue) => Promise<DecisionAnswer> {
  async function approve(by: string, { id, why, pin: digits, despiteFindings = false }: Extract<DecisionRequest, { action: 'approve' }>): Promise<DecisionAnswer> {
    const stored = await registry.find(id);
    if (stored === undefined) throw new StepRefused(id, 'nothing is known of it: no server has offered it yet');
    const { record, revision } = stored;
    const pin = digits === undefined ? record.pin : pinStartingWith(record, digits);
    if (pin === undefined) throw new StepRefused(id, 'its definition is another one now than that which was read');
    assertPossible(id, record, revision, { by, why, pin, despiteFindings });
    const open = await reviews.find(id);
    if (open === undefined || open.pin !== record.pin) throw new StepRefused(id, 'no review of it is open, "discover" opens what is missing');
    const isTaken = await workflows.complete(open.taskToken, { kind: 'approve', by, why, pin, despiteFindings });
    if (!isTaken) throw new StepRefused(id, 'its review takes no decision now: somebody decided a moment ago, or it has ended; "discover" opens what is missing');
    return { status: 202, message: `${id}: your approval is on its way` };
  }

  /** What would be refused when it is signed is said at once. */
  function assertPossible(id: string, record: ToolRecord, revision: number, { by, why, pin, despiteFindings }: { by: string; why: string; pin: Pin; despiteFindings: boolean }): void {
    const at = new Date(clock()).toISOString();
    const outcome = advance(record, { action: 'approve', pin, version: '', expiresAt: at, despiteFindings }, { by, at, why }, rulesOf(policy), revision + 1);
    if (!outcome.ok) throw new StepRefused(id, outcome.why);
  }

  async function stop(by: string, { action, id, why }: Extract<DecisionRequest, { action: 'reject' | 'quarantine' | 'revoke' }>): Promise<DecisionAnswer> {
    const { record } = await registry[action](id, { by, why });
    const open = await reviews.find(id);
    if (open !== undefined && action !== 'quarantine') await workflows.complete(open.taskToken, { kind: 'reject', by, why });
    return { status: 200, message: `${id}: ${record.state}` };
  }

  return async (by, body) => {
    const request = readRequest(body);
    if (typeof request === 'string') return { status: 400, message: request };
    try {
      if (request.action === 'approve') return await approve(by, request);
      if (request.action !== 'discover') return await stop(by, request);
      await workflows.startDiscovery();
      return { status: 202, message: 'all servers are asked again' };
    } catch (error) {
      if (error instanceof StepRefused) return { status: 409, message: error.message };
      throw error;
    }
  };
}

/** The request, or in one sentence what is wrong with it. */
function readRequest(body: JsonValue): DecisionRequest | string {
  if (!isJsonObject(body)) return 'expected a JSON object with an action';
  const { action, id, why, pin, despiteFindings, ...rest } = body;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `the member ${JSON.stringify(unknown.slice(0, 40))} is unknown`;
  if (action === 'discover') return { action };
  if (action !== 'approve' && action !== 'reject' && action !== 'quarantine' && action !== 'revoke') return 'expected one of the actions approve, reject, quarantine, revoke and discover';
  if (typeof id !== 'string' || id === '') return 'expected an id, such as files/read_file';
  if (typeof why !== 'string' || why.trim() === '' || why.length > MAX_WHY) return `expected a reason in "why", of at most ${MAX_WHY} characters`;
  if (action !== 'approve') return { action, id, why };
  if (pin !== undefined && (typeof pin !== 'string' || !/^[0-9a-f]{12,64}$/.test(pin))) return 'expected a pin of 12 to 64 hexadecimal digits';
  if (despiteFindings !== undefined && typeof despiteFindings !== 'boolean') return 'expected despiteFindings to be true or false';
  return { action, id, why, pin, despiteFindings };
}

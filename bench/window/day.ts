import type { AuthorizationRequest } from '../../lambda/authorization';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { createCedarAuthority, createGrantDesk, GrantRefused } from '../../lambda/grants';
import { createDemoIssuer, createTokenAuthenticator, principalId, type Principal } from '../../lambda/identity';
import type { JsonObject } from '../../lambda/protocol';
import { createMemoryStore } from './memory-store';
import type { Regime } from './regimes';
import { tasksOf, toolsOf, type Step, type Workload } from './workload';

/** What came of one agent's day. Times are milliseconds. */
export interface DayResult {
  /** For each tool, how long a call of it would have been allowed, in all. */
  readonly allowedMs: readonly number[];
  /** For each task and each tool in it, how long after the task's end a call of it would still have been allowed. */
  readonly afterTaskMs: readonly number[];
  /** Calls that the agent made and that were allowed. */
  readonly served: number;
  readonly refused: number;
  /** How often the decision function was asked. */
  readonly asked: number;
}

const SERVER = 'work';
const RESOURCE = 'https://gateway.example.com/mcp/work';
const ISSUER = 'https://login.example.com';
const DAY_START = Date.parse('2026-11-23T08:00:00Z');
/** What a thief would send: never what an agent asked for. */
const FOREIGN: JsonObject = { id: 'something else' };
/** Longest time between two questions about one tool. */
const GRID_MS = 600_000;
const APPROVERS = ['first', 'second'].map((id): Principal => ({ type: 'User', id: principalId(id), groups: ['approvers'], scopes: [], issuer: ISSUER }));

/**
 * Lives through one agent's day on a virtual clock and asks, at every moment at which anything could have changed and
 * between them, for every tool: would a call be allowed now? With the token that the agent has, by the authenticator, by
 * the policies, and with whatever grant is live. A call counts as allowed if one with foreign arguments is, or one with any
 * arguments that the agent asked for before and has not called with.
 *
 * Between two events access can only end, so where the answers at both ends differ, the moment is found by bisection.
 */
export async function liveDay(workload: Workload, regime: Regime, agent: number): Promise<DayResult> {
  let now = DAY_START;
  const clock = () => now;
  const tools = toolsOf(workload);
  const issuer = await createDemoIssuer({ issuer: ISSUER, clock });
  const authenticator = createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks: issuer.jwks }], clock });
  const decisionPoint = createCedarDecisionPoint({ policies: regime.policies });
  const desk = createGrantDesk({ store: createMemoryStore(), authority: createCedarAuthority(decisionPoint, [SERVER]), clock, limits: { decideMs: 24 * 3_600_000, maxWaiting: 1_000 } });

  let token: { readonly headers: Headers; readonly until: number } | undefined;
  /** Steps whose arguments somebody asked for and nobody has called with yet. */
  const open = new Set<Step>();
  let asked = 0;
  let served = 0;
  let refused = 0;
  const allowedMs = tools.map(() => 0);
  const afterTaskMs: number[] = [];
  /** Tools of tasks that ended, which somebody might still call. */
  let lingering: { readonly tool: number; readonly since: number }[] = [];

  async function whoIs(): Promise<Principal | undefined> {
    if (token === undefined) return undefined;
    const result = await authenticator.authenticate({ headers: token.headers, method: 'POST', url: '/mcp/work', resource: RESOURCE, resourceMetadataUrl: `${RESOURCE}/metadata` });
    return result.ok ? result.principal : undefined;
  }

  function requestFor(principal: Principal, tool: number, given: JsonObject): AuthorizationRequest {
    return { principal, server: SERVER, operation: { kind: 'callTool', tool: tools[tool]!, arguments: given }, context: { now } };
  }

  /** The grant to use for a call, `none needed`, or that it is refused: the steps that the gateway takes. */
  async function decide(principal: Principal, tool: number, given: JsonObject) {
    asked += 1;
    const request = requestFor(principal, tool, given);
    if (decisionPoint.decide(request).effect === 'allow') return 'none needed' as const;
    for (const fitting of await desk.fitting(request)) {
      const { id, terms, approvals } = fitting.grant;
      const grant = { id, purpose: terms.purpose, argumentsBound: terms.arguments.kind === 'exact', approvedBy: approvals.flatMap(({ by }) => (by.type === 'Policy' ? [] : [by.id])) };
      if (decisionPoint.decide({ ...request, context: { ...request.context, grant } }).effect === 'allow') return fitting;
    }
    return undefined;
  }

  async function allowedNow(at: number): Promise<boolean[]> {
    now = at;
    const principal = await whoIs();
    if (principal === undefined) return tools.map(() => false);
    const answers: boolean[] = [];
    for (const tool of tools.keys()) {
      let allowed = (await decide(principal, tool, FOREIGN)) !== undefined;
      for (const step of open) if (!allowed && step.tool === tool) allowed = (await decide(principal, tool, step.arguments)) !== undefined;
      answers.push(allowed);
    }
    return answers;
  }

  /** The last moment, to a millisecond, at which `tool` was allowed between two at which it was and was not. */
  async function endOf(tool: number, from: number, to: number): Promise<number> {
    let [low, high] = [from, to];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if ((await allowedNow(middle))[tool]) low = middle;
      else high = middle;
    }
    return high;
  }

  /** Nothing happens until `to`, so access can only end. */
  async function passTime(to: number): Promise<void> {
    for (let from = now; from < to; ) {
      const next = Math.min(to, from + GRID_MS);
      const [before, after] = [await allowedNow(from), await allowedNow(next - 1)];
      for (const tool of tools.keys()) {
        if (after[tool] && !before[tool]) throw new Error('access began while nothing happened');
        const end = !before[tool] ? from : after[tool] ? next : await endOf(tool, from, next - 1);
        allowedMs[tool]! += end - from;
        if (end < next) settle(tool, end);
      }
      from = next;
    }
    now = to;
  }

  function settle(tool: number, end: number): void {
    lingering = lingering.filter((one) => {
      if (one.tool === tool) afterTaskMs.push(Math.max(0, end - one.since));
      return one.tool !== tool;
    });
  }

  async function renewToken(): Promise<void> {
    if (token !== undefined && (now < token.until || regime.tokenFor === 'day')) return;
    const text = await issuer.mint({ subject: `agent-${agent}`, type: 'Agent', groups: ['readers', 'workers'], audience: RESOURCE, lifetimeSeconds: regime.tokenSeconds });
    token = { headers: new Headers({ authorization: `Bearer ${text}` }), until: now + regime.tokenSeconds * 1_000 };
  }

  async function take(step: Step): Promise<void> {
    await passTime(now + step.think);
    await renewToken();
    const principal = await whoIs();
    if (principal === undefined) {
      refused += 1;
      return;
    }
    open.add(step);
    const first = await decide(principal, step.tool, step.arguments);
    if (first === undefined) await askAndWait(principal, step);
    const found = await decide(principal, step.tool, step.arguments);
    const isAbandoned = first === undefined && step.decision.isAbandoned && !step.decision.isDenied;
    if (found !== undefined && !isAbandoned) {
      if (found !== 'none needed') await desk.use(found);
      served += 1;
    } else refused += 1;
    if (!isAbandoned) open.delete(step);
  }

  async function askAndWait(principal: Principal, step: Step): Promise<void> {
    const { after, isDenied, isAbandoned, pickup } = step.decision;
    try {
      const { id } = await desk.request(principal, { server: SERVER, tool: tools[step.tool]!.name, purpose: 'a task of the day', arguments: step.arguments, lifetimeSeconds: workload.grantSeconds, annotations: tools[step.tool]!.annotations });
      await passTime(now + after);
      if (isDenied) {
        await desk.deny(id, APPROVERS[0]!, 'no');
        return;
      }
      const grant = await desk.approve(id, APPROVERS[0]!);
      if (grant.state === 'requested') await desk.approve(id, APPROVERS[1]!);
      if (!isAbandoned) await passTime(now + pickup);
    } catch (error) {
      if (!(error instanceof GrantRefused)) throw error;
    }
  }

  if (regime.tokenFor === 'day') await renewToken();
  for (const task of tasksOf(workload, agent)) {
    await passTime(Math.max(now, DAY_START + task.startsAt));
    if (now >= DAY_START + workload.hours * 3_600_000) break;
    for (const step of task.steps) await take(step);
    for (const tool of new Set(task.steps.map((step) => step.tool))) {
      settle(tool, now);
      lingering.push({ tool, since: now });
    }
  }
  // Until the last token is over, whatever the regime.
  await passTime(Math.max(now, DAY_START + workload.hours * 3_600_000) + regime.tokenSeconds * 1_000 + 600_000);
  return { allowedMs, afterTaskMs, served, refused, asked };
}

/**
 * `npm run bench:decision [-- --smoke]`: what one decision on a tool call costs, through the product's decision point and by the bare
 * engine in the same run, over numbers of policies and tools; and the cold start of the authorizer's bundle in a fresh process.
 */
import { parseArgs } from 'node:util';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { cedar } from '../../lambda/authorization/cedar-engine';
import { contextOf } from '../../lambda/authorization/context';
import type { AuthorizationRequest } from '../../lambda/authorization';
import { entitiesOf } from '../../lambda/authorization/entities';
import { conclude, figure, table, type Goal } from '../report';
import { measureColdStarts, type ColdStart } from './cold-start';
import { createWorld } from './world';

const POLICIES = [10, 100, 1_000];
const TOOLS = [10, 1_000];
/** Of the product's decision to the bare engine's call, at the median. */
const MOST = 1.25;

/** Microseconds of one decision. */
interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

interface Measured {
  readonly policies: number;
  readonly tools: number;
  readonly product: Quantiles;
  readonly bare: Quantiles;
  /** Of the two medians. */
  readonly ratio: number;
  /** How often the product answered what. */
  readonly decisions: Readonly<Record<string, number>>;
  /** Milliseconds to make a decision point of the texts. */
  readonly setUpMs: number;
}

async function main(): Promise<void> {
  const { smoke } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } }).values;
  const measured = TOOLS.flatMap((tools) => (smoke ? POLICIES.slice(0, 2) : POLICIES).map((policies) => measure(policies, tools, smoke)));
  console.log(
    table(
      'One decision on a tool call, in microseconds; arguments are other ones in every call',
      ['policies', 'tools', 'gateway p50', 'p99', 'bare engine p50', 'p99', 'ratio of p50', 'set up, ms', 'answers'],
      measured.map(({ policies, tools, product, bare, ratio, setUpMs, decisions }) => [
        figure(policies),
        figure(tools),
        figure(product.p50),
        figure(product.p99),
        figure(bare.p50),
        figure(bare.p99),
        ratio.toPrecision(3),
        figure(setUpMs),
        Object.entries(decisions).sort().map(([answer, count]) => `${answer} ${count}`).join(', '),
      ]),
    ),
  );
  const starts = await measureColdStarts(createWorld(100, 100).policies, smoke ? 1 : 15);
  const cold = medians(starts);
  console.log(
    table(
      `Cold start of the authorizer in a fresh process, 100 policies, median of ${starts.length}, in milliseconds`,
      ['', 'ms'],
      [
        ['a process that does nothing', figure(cold.emptyMs)],
        ['the process, with one request let through and the next', figure(cold.processMs)],
        ['  of it: loading the bundle', figure(cold.loadMs)],
        ['  of it: the first answer (token, policies fetched and parsed, decision)', figure(cold.firstAnswerMs)],
        ['  of it: the second answer', figure(cold.secondAnswerMs)],
      ],
    ),
  );
  const goals = measured.map(({ policies, tools, ratio }): Goal => ({
    name: `decision with ${figure(policies)} policies and ${figure(tools)} tools, p50, of the bare engine's`,
    value: ratio,
    limit: MOST,
    direction: 'at most',
    unit: 'times',
  }));
  conclude({ bench: 'decision', smoke, goals, figures: { decisions: measured, coldStart: { median: cold, all: starts } } });
}

/** Calls of the two in turn, so that what else the machine does falls on both. */
const BATCH = 20;

function measure(policyCount: number, toolCount: number, smoke: boolean): Measured {
  const world = createWorld(policyCount, toolCount);
  const started = performance.now();
  const point = createCedarDecisionPoint({ policies: world.policies });
  const setUpMs = performance.now() - started;
  const bareCall = bareEngine(world.policies);
  const batches = smoke ? 5 : policyCount >= 1_000 ? 40 : 150;
  const times = { product: [] as number[], bare: [] as number[] };
  const decisions: Record<string, number> = {};
  for (let batch = -2; batch < batches; batch += 1) {
    const requests = Array.from({ length: BATCH }, (_, index) => world.request((batch + 2) * BATCH + index));
    const prepared = requests.map(bareRequest);
    const fromProduct = timed(requests, (request) => point.decide(request));
    const fromBare = timed(prepared, bareCall);
    fromProduct.answers.forEach((decision, index) => {
      const expected = fromBare.answers[index];
      if (decision.effect !== expected) throw new Error(`The decision point answers ${decision.effect} where the engine answers ${expected}.`);
      const answer = decision.effect === 'deny' ? decision.reason : 'allow';
      if (batch >= 0) decisions[answer] = (decisions[answer] ?? 0) + 1;
    });
    // The first ones warm up both.
    if (batch < 0) continue;
    times.product.push(...fromProduct.microseconds);
    times.bare.push(...fromBare.microseconds);
  }
  const [product, bare] = [quantiles(times.product), quantiles(times.bare)];
  return { policies: policyCount, tools: toolCount, product, bare, ratio: product.p50 / bare.p50, decisions, setUpMs };
}

function timed<In, Out>(inputs: readonly In[], run: (input: In) => Out): { readonly answers: readonly Out[]; readonly microseconds: readonly number[] } {
  const answers: Out[] = [];
  const microseconds: number[] = [];
  for (const input of inputs) {
    const started = performance.now();
    const answer = run(input);
    microseconds.push((performance.now() - started) * 1_000);
    answers.push(answer);
  }
  return { answers, microseconds };
}

type BareRequest = ReturnType<typeof bareRequest>;

/** The whole request in the engine's own form, made before the clock runs. */
function bareRequest(request: AuthorizationRequest) {
  const { principal, action, resource } = entitiesOf(request);
  return {
    principal: principal.uid,
    action: action.uid,
    resource: resource.uid,
    context: contextOf(request),
    entities: [principal, action, resource].map(({ uid, attrs, parents }) => ({ uid, attrs, parents })),
  };
}

/** Cedar's engine on all policies, parsed before. */
function bareEngine(policies: Readonly<Record<string, string>>): (request: BareRequest) => 'allow' | 'deny' {
  const preparsedPolicySetId = 'bench';
  const parsed = cedar().preparsePolicySet(preparsedPolicySetId, { staticPolicies: policies });
  if (parsed.type === 'failure') throw new Error(parsed.errors[0]?.message);
  return (request) => {
    const answer = cedar().statefulIsAuthorized({ preparsedPolicySetId, ...request });
    if (answer.type === 'failure') throw new Error(answer.errors[0]?.message);
    return answer.response.decision;
  };
}

function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return { p50: at(0.5), p99: at(0.99) };
}

function medians(starts: readonly ColdStart[]): ColdStart {
  const median = (name: keyof ColdStart) => quantiles(starts.map((start) => start[name])).p50;
  return {
    emptyMs: median('emptyMs'),
    processMs: median('processMs'),
    loadMs: median('loadMs'),
    firstAnswerMs: median('firstAnswerMs'),
    secondAnswerMs: median('secondAnswerMs'),
  };
}

void main();

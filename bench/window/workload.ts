import type { JsonObject, ToolDefinition } from '../../lambda/protocol';
import { createRandom, type Random } from './random';

/** The model of a working day; docs/grants.md says where the numbers come from, and the sensitivity table what they matter. */
export interface Workload {
  readonly seed: number;
  readonly agents: number;
  /** Length of the working day. */
  readonly hours: number;
  /** Of one agent; they arrive by chance (Poisson). */
  readonly tasksPerHour: number;
  /** Mean; a task ends after each call with the same chance (geometric). */
  readonly callsPerTask: number;
  /** Between two calls of a task: the model thinks. Median of a log-normal distribution, sigma 1. */
  readonly thinkSeconds: number;
  /** Until a person has decided. Median of a log-normal distribution, sigma 1. */
  readonly decideSeconds: number;
  /** From the approval to the call: how often the client looks. Mean, exponential. */
  readonly pickupSeconds: number;
  /** Approved grants that are never used, because the agent gave up or found another way. */
  readonly abandoned: number;
  /** Requests that are denied. */
  readonly denied: number;
  /** Of a grant, from the approval on. */
  readonly grantSeconds: number;
  /** Tools that the role of an agent needs over time. */
  readonly tools: number;
}

export const WORKLOAD: Workload = {
  seed: 20_261_122,
  agents: 12,
  hours: 8,
  tasksPerHour: 3,
  callsPerTask: 4,
  thinkSeconds: 12,
  decideSeconds: 45,
  pickupSeconds: 2,
  abandoned: 0.05,
  denied: 0.03,
  grantSeconds: 300,
  tools: 24,
};

export interface Step {
  readonly tool: number;
  readonly arguments: JsonObject;
  /** Before the call, milliseconds. */
  readonly think: number;
  /** What becomes of a request for a grant for it, should one be needed. */
  readonly decision: { readonly after: number; readonly isDenied: boolean; readonly isAbandoned: boolean; readonly pickup: number };
}

export interface Task {
  /** Milliseconds from the beginning of the day. */
  readonly startsAt: number;
  readonly steps: readonly Step[];
}

/** The day of one agent: the same tasks, whatever regime it works under. */
export function tasksOf(workload: Workload, agent: number): readonly Task[] {
  const random = createRandom(workload.seed + agent * 7_919);
  const tasks: Task[] = [];
  const end = workload.hours * 3_600_000;
  for (let at = random.exponential(3_600_000 / workload.tasksPerHour); at < end; at += random.exponential(3_600_000 / workload.tasksPerHour)) {
    const calls = random.geometric(workload.callsPerTask);
    tasks.push({ startsAt: at, steps: Array.from({ length: calls }, (_, index) => stepOf(workload, random, `${agent}-${tasks.length}-${index}`)) });
  }
  return tasks;
}

function stepOf({ tools, thinkSeconds, decideSeconds, pickupSeconds, abandoned, denied }: Workload, random: Random, id: string): Step {
  return {
    tool: popular(tools, random),
    arguments: { id },
    think: random.logNormal(thinkSeconds * 1_000, 1),
    decision: {
      after: random.logNormal(decideSeconds * 1_000, 1),
      isDenied: random.chance(denied),
      isAbandoned: random.chance(abandoned),
      pickup: random.exponential(pickupSeconds * 1_000),
    },
  };
}

/** A few tools are used most of the time (Zipf, exponent 1). */
function popular(count: number, random: Random): number {
  const weights = Array.from({ length: count }, (_, index) => 1 / (index + 1));
  let rest = random.next() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    rest -= weight;
    if (rest <= 0) return index;
  }
  return count - 1;
}

/** A role's tools: half of them only read, a quarter add something, a quarter may destroy something. */
export function toolsOf({ tools }: Workload): readonly ToolDefinition[] {
  const inputSchema = { type: 'object', properties: { id: { type: 'string' } } };
  const hints = [{ readOnlyHint: true, openWorldHint: false }, { readOnlyHint: false, destructiveHint: false, openWorldHint: false }, { readOnlyHint: true, openWorldHint: false }, { readOnlyHint: false, destructiveHint: true, openWorldHint: false }];
  return Array.from({ length: tools }, (_, index) => ({ name: `tool_${index}`, inputSchema, annotations: hints[index % hints.length]! }));
}

import type { JsonObject } from '../../lambda/protocol';
import type { Random } from '../window/random';

/** One tool call with what came of it. */
export interface Act {
  readonly at: number;
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly responseBytes: number;
  readonly decision: 'allow' | 'deny';
  readonly notes?: readonly string[];
}

/** Somebody's way to work: which tools follow which, how much they answer, how fast, to whom things are sent. */
export interface Persona {
  readonly id: string;
  readonly tools: readonly string[];
  /** For each tool the ones that follow it, the likelier ones more than once. */
  readonly next: readonly (readonly number[])[];
  readonly answerBytes: readonly number[];
  readonly pauseMs: number;
  readonly hosts: readonly string[];
  readonly sends: number;
}

const TOOLS = ['search', 'read_file', 'list_directory', 'get_issue', 'comment', 'query_database', 'fetch', 'create_entity', 'read_graph', 'write_file', 'send_mail', 'run_report'];
const SENDERS = new Set(['fetch', 'send_mail']);

export function createPersona(id: string, random: Random): Persona {
  const tools = TOOLS.filter(() => random.chance(0.6));
  if (tools.length < 3) tools.push('search', 'read_file', 'comment');
  return {
    id,
    tools,
    next: tools.map(() => Array.from({ length: 2 + random.geometric(4) }, () => random.pick(tools.length))),
    answerBytes: tools.map(() => Math.round(random.logNormal(2_500, 1.2))),
    pauseMs: random.logNormal(25_000, 0.7),
    hosts: Array.from({ length: random.geometric(4) }, (_, index) => `service-${id}-${index}.example.com`),
    sends: tools.findIndex((tool) => SENDERS.has(tool)),
  };
}

const HOUR = 3_600_000;
/** When traces begin, and how long what they show is learned before anything is counted. */
export const MONDAY = Date.UTC(2026, 10, 2);
export const LEARNING_DAYS = 5;
export const DAY = 24 * HOUR;

/** A day at work: sessions with pauses, sometimes a tool that was never used before, a large answer, a new host, a burst, a refusal. */
export function* workday(persona: Persona, day: number, random: Random): Generator<Act> {
  const sessions = 2 + random.pick(4);
  for (let session = 0; session < sessions; session++) {
    let at = day + 8 * HOUR + (session * 9 * HOUR) / sessions + random.exponential(HOUR / 4);
    let tool = random.pick(persona.tools.length);
    for (let calls = random.geometric(18); calls > 0; calls--) {
      at += random.chance(0.15) ? random.exponential(1_500) : random.logNormal(persona.pauseMs, 0.8);
      yield usual(persona, tool, at, random);
      const likely = persona.next[tool] ?? [];
      tool = random.chance(0.03) ? random.pick(persona.tools.length) : (likely[random.pick(likely.length)] ?? 0);
    }
  }
}

export function usual(persona: Persona, tool: number, at: number, random: Random): Act {
  const name = persona.tools[tool] ?? '';
  const host = random.chance(0.01) ? `new-${random.pick(1_000_000)}.example.org` : persona.hosts[random.pick(persona.hosts.length)];
  const given: JsonObject = SENDERS.has(name) ? { url: `https://${host}/items/${random.pick(10_000)}` } : { path: `area-${random.pick(30)}/item-${random.pick(5_000)}` };
  if (random.chance(0.1)) given.limit = random.pick(50);
  if (random.chance(0.02)) given.note = 'x'.repeat(random.pick(2_000));
  const responseBytes = Math.round(random.logNormal(persona.answerBytes[tool] ?? 1_000, random.chance(0.005) ? 1.6 : 0.6));
  return { at, tool: name, arguments: given, responseBytes, decision: random.chance(0.01) ? 'deny' : 'allow' };
}

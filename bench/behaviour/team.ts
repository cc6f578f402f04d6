import { isToolSignal, TOOL_SIGNALS, type Detection } from '../../lambda/behaviour';
import { wilson, type Share } from '../poisoning/statistics';
import { createRandom, type Random } from '../window/random';
import { createPersona, DAY, LEARNING_DAYS, MONDAY, workday, type Act, type Persona } from './persona';
import { Stage } from './stage';

const DAYS = 10;
const MEMBERS = 10;
const HOUR = 3_600_000;

interface TeamAct extends Act {
  readonly id: string;
}

interface Change {
  readonly name: string;
  change(act: TeamAct, random: Random): readonly TeamAct[];
}

/** What a server that was taken over, or a poisoned answer, does to all who call a tool. */
const CHANGES: readonly Change[] = [
  { name: 'answers three times as large', change: (act) => [{ ...act, responseBytes: 3 * act.responseBytes }] },
  { name: 'answers six times as large', change: (act) => [{ ...act, responseBytes: 6 * act.responseBytes }] },
  { name: 'ten calls where there was one', change: (act, random) => Array.from({ length: 10 }, (_, index) => ({ ...act, at: act.at + index * 15_000 + random.pick(5_000), arguments: { ...act.arguments, page: index } })) },
  { name: 'each call also names one new host', change: (act) => [{ ...act, arguments: { ...act.arguments, callback: 'https://drop.attacker.example/c' } }] },
];

export interface Teams {
  readonly teams: number;
  readonly members: number;
  readonly days: number;
  readonly calls: number;
  /** Tools times days on which they could be told of. */
  readonly toolDays: number;
  readonly mistakes: readonly (readonly [string, number])[];
  readonly changes: readonly { readonly name: string; readonly found: Share; readonly medianHours: number | undefined }[];
}

/** People who share tools: how often a tool is told of by mistake, and how soon one that changes for all of them. */
export function watchTeams(teams: number): Teams {
  const mistakes = new Map<string, number>(Object.keys(TOOL_SIGNALS).map((kind) => [kind, 0]));
  let calls = 0;
  let toolDays = 0;
  for (let team = 0; team < teams; team++) {
    const { stage, personas, random } = learned(team);
    const [told, before] = [stage.detections.length, stage.calls];
    for (let day = 0; day < DAYS; day++) play(stage, acts(personas, LEARNING_DAYS + day, random));
    for (const { kind } of ofTools(stage.detections.slice(told))) mistakes.set(kind, (mistakes.get(kind) ?? 0) + 1);
    calls += stage.calls - before;
    toolDays += DAYS * new Set(personas.flatMap(({ tools }) => tools)).size;
  }
  return { teams, members: MEMBERS, days: DAYS, calls, toolDays, mistakes: [...mistakes], changes: CHANGES.map((change) => ({ name: change.name, ...hoursUntil(change, teams) })) };
}

/** Within the first day. */
function hoursUntil({ change }: Change, teams: number): { readonly found: Share; readonly medianHours: number | undefined } {
  const hours = Array.from({ length: teams }, (_, team) => {
    const { stage, personas, random } = learned(team);
    const tool = mostUsed(personas);
    const told = stage.detections.length;
    const changed = acts(personas, LEARNING_DAYS, random).flatMap((act) => (act.tool === tool ? change(act, random) : [act])).sort((a, b) => a.at - b.at);
    play(stage, changed);
    const first = ofTools(stage.detections.slice(told)).find((detection) => detection.tool === tool);
    return first === undefined ? undefined : (first.at - (changed[0]?.at ?? 0)) / HOUR;
  });
  const found = hours.filter((hour) => hour !== undefined).sort((a, b) => a - b);
  return { found: wilson(found.length, teams), medianHours: found[found.length >> 1] };
}

function learned(team: number): { readonly stage: Stage; readonly personas: readonly Persona[]; readonly random: Random } {
  const random = createRandom(90_000 + team);
  const personas = Array.from({ length: MEMBERS }, (_, member) => createPersona(`t${team}-${member}`, random));
  const stage = new Stage();
  for (let day = 0; day < LEARNING_DAYS; day++) play(stage, acts(personas, day, random));
  return { stage, personas, random };
}

function acts(personas: readonly Persona[], day: number, random: Random): TeamAct[] {
  return personas.flatMap((persona) => [...workday(persona, MONDAY + day * DAY, random)].map((act) => ({ ...act, id: persona.id }))).sort((a, b) => a.at - b.at);
}

function play(stage: Stage, all: readonly TeamAct[]): void {
  for (const act of all) stage.act(act.id, act);
}

/** Among those that name no hosts by nature: these go anywhere. */
function mostUsed(personas: readonly Persona[]): string {
  const users = new Map<string, number>();
  for (const tool of personas.flatMap(({ tools }) => tools)) if (!['fetch', 'send_mail'].includes(tool)) users.set(tool, (users.get(tool) ?? 0) + 1);
  return [...users].sort(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}

function ofTools(detections: readonly Detection[]): readonly Detection[] {
  return detections.filter(({ kind }) => isToolSignal(kind));
}

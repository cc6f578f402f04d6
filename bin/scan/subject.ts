import type { DetectionResult, Registry } from '../../lambda/detection';
import { detect, detectInstructions } from '../../lambda/detection';
import type { ToolDefinition } from '../../lambda/protocol';

/** One thing to scan: a tool's definition, or the instructions of a server. */
export type Subject = ToolSubject | InstructionsSubject;

export interface ToolSubject {
  readonly kind: 'tool';
  readonly id: string | number;
  readonly server?: string;
  readonly tool: ToolDefinition;
  readonly source: string;
}

export interface InstructionsSubject {
  readonly kind: 'instructions';
  readonly id: string;
  readonly server: string;
  readonly instructions: string;
  readonly source: string;
}

export interface Scanned {
  readonly subject: Subject;
  readonly result: DetectionResult;
}

/** Scans one subject; in a registry also against the tools of the other servers. */
export function scan(subject: Subject, registry?: Registry): Scanned {
  if (subject.kind === 'instructions') return { subject, result: detectInstructions(subject.instructions) };
  return { subject, result: detect(subject.tool, registry && { server: serverOf(subject), registry }) };
}

/** All tools as one registry. Tools without a server are of one that has no name. */
export function registryOf(subjects: readonly Subject[]): Registry {
  const byServer = new Map<string, ToolDefinition[]>();
  for (const subject of subjects) {
    if (subject.kind !== 'tool') continue;
    const server = serverOf(subject);
    const tools = byServer.get(server);
    if (tools) tools.push(subject.tool);
    else byServer.set(server, [subject.tool]);
  }
  return { servers: [...byServer].map(([name, tools]) => ({ name, tools })) };
}

function serverOf({ server }: ToolSubject): string {
  return server ?? '';
}

/** What people call it: `weather/get_forecast`. */
export function nameOf(subject: Subject): string {
  const name = subject.kind === 'tool' ? String(subject.tool.name ?? '(no name)') : '(instructions)';
  return subject.server ? `${subject.server}/${name}` : name;
}

/** The definition that pointers of findings point into. */
export function definitionOf(subject: Subject): object {
  return subject.kind === 'tool' ? subject.tool : { instructions: subject.instructions };
}

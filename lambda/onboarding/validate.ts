import { detect, detectInstructions, type DetectionResult, type Finding, type Registry } from '../detection';
import { registryOf, sightingsOf, type ProbeResult, type Sighting } from '../discovery';
import { subjectId } from '../integrity';
import type { ToolDefinition } from '../protocol';

/** From which verdict on a server is refused. */
export type FailOn = 'reject' | 'review';

export type Validation = { readonly ok: true; readonly tools: number } | { readonly ok: false; /** One or more sentences. */ readonly reason: string };

const MAX_NAMED = 3;

/** Whether everything that a server offers is fit for a model to read (TD-1, TD-2). A server that cannot be asked is refused. */
export function validateServer(server: string, result: ProbeResult, failOn: FailOn): Validation {
  if (!result.ok) return { ok: false, reason: `The MCP server ${server} cannot be asked for its tools: ${result.reason}` };
  const sightings = sightingsOf(server, result);
  const registry = registryOf(sightings);
  const refused = sightings.flatMap((sighting) => {
    const detection = detectIn(sighting, registry);
    const isRefused = detection.verdict === 'reject' || (failOn === 'review' && detection.verdict === 'review');
    return isRefused ? [describe(sighting, detection)] : [];
  });
  if (refused.length === 0) return { ok: true, tools: result.tools.length };
  const more = refused.length > MAX_NAMED ? ` And ${refused.length - MAX_NAMED} more.` : '';
  return { ok: false, reason: `The MCP server ${server} offers what a model should not read. ${refused.slice(0, MAX_NAMED).join(' ')}${more}` };
}

function detectIn({ subject, definition }: Sighting, registry: Registry): DetectionResult {
  return subject.tool === undefined ? detectInstructions(String(definition)) : detect(definition as unknown as ToolDefinition, { server: subject.server, registry });
}

const SEVERITIES: readonly Finding['severity'][] = ['critical', 'high', 'medium', 'low', 'info'];

function describe({ subject }: Sighting, { findings, score }: DetectionResult): string {
  const [worst] = [...findings].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  const what = subject.tool === undefined ? `the instructions of ${subject.server}` : subjectId(subject);
  return worst === undefined ? `${what}: score ${score.toFixed(2)}.` : `${what}: ${worst.ruleId} at ${worst.pointer === '' ? 'its text' : worst.pointer}: ${worst.sentence}`;
}

import { detect, detectInstructions, type Registry } from '../detection';
import type { Scan, Subject } from '../integrity';
import type { JsonValue, ToolDefinition } from '../protocol';

/** The detector as the registry's scan. `offered` is what all servers offer at that time, for the relations between them. */
export function createDetectorScan(offered: () => Registry): Scan {
  return ({ server, tool }: Subject, definition: JsonValue) =>
    tool === undefined || typeof definition === 'string'
      ? detectInstructions(String(definition))
      : detect(definition as unknown as ToolDefinition, { server, registry: offered() });
}

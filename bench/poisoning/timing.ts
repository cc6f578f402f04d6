import { detect } from '../../lambda/detection';
import { SentenceModel } from '../../lambda/detection/model';
import { ARTIFACT } from '../../lambda/detection/model/artifact';
import type { ToolDefinition } from '../../lambda/protocol';
import type { Definition } from '../../training/corpus';

export interface Timing {
  /** Milliseconds for one definition, of the whole detector as it ships. */
  readonly median: number;
  readonly p99: number;
  /** The learned layer's part of the median. */
  readonly model: number;
  /** Milliseconds to make the model ready, once in a process. */
  readonly load: number;
}

/** Times the shipped detector, one definition at a time, on one core, after warming up. */
export function timing(definitions: readonly Definition[]): Timing {
  const started = performance.now();
  const model = SentenceModel.load(ARTIFACT);
  const load = performance.now() - started;
  const whole = times(definitions, ({ tool }) => detect(tool as unknown as ToolDefinition));
  const learned = times(definitions, ({ fields }) => model.score(fields));
  return { median: at(whole, 0.5), p99: at(whole, 0.99), model: at(learned, 0.5), load };
}

function times(definitions: readonly Definition[], run: (definition: Definition) => void): readonly number[] {
  for (const definition of definitions.slice(0, 200)) run(definition);
  return definitions
    .map((definition) => {
      const started = performance.now();
      run(definition);
      return performance.now() - started;
    })
    .sort((a, b) => a - b);
}

const at = (sorted: readonly number[], share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;

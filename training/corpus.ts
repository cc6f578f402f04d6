import { textFields } from '../lambda/detection/text-fields';
import type { TextField } from '../lambda/detection/types';
import { DEFAULT_CORPUS, readRows } from './rows';

/** A labelled tool definition that others published. */
export interface Definition {
  readonly id: string;
  readonly source: string;
  /** Near-duplicates share it. */
  readonly family: string;
  readonly malicious: boolean;
  /** `poisoning`, `preference` or `harmful_capability`; of an honest one undefined. */
  readonly attackClass?: string;
  readonly attack?: string;
  /** `realistic`, `toy` or `rule-fixture`. */
  readonly quality?: string;
  readonly tool: Readonly<Record<string, unknown>>;
  readonly fields: readonly TextField[];
}

export { DEFAULT_CORPUS };

/**
 * Reads labelled definitions, JSON Lines, plain or compressed with xz.
 *
 * @returns undefined where there is no such file
 * @throws Error where `xz` is needed and missing
 */
export function readCorpus(path: string = DEFAULT_CORPUS): readonly Definition[] | undefined {
  return readRows<Row>(path)
    ?.filter(({ kind }) => kind === 'tool_description')
    .map(definition);
}

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  readonly source_repo: string;
  readonly family: string;
  readonly attack?: string;
  readonly attack_class?: string;
  readonly quality?: string;
  readonly tool?: Definition['tool'];
  readonly name?: string;
  readonly description?: string;
  readonly inputSchema?: object;
}

function definition(row: Row): Definition {
  const tool = row.tool ?? { name: row.name, description: row.description, ...(row.inputSchema ? { inputSchema: row.inputSchema } : {}) };
  return {
    id: row.id,
    source: row.source_repo,
    family: row.family,
    malicious: row.label === 'malicious',
    attackClass: row.attack_class,
    attack: row.attack,
    quality: row.quality,
    tool,
    fields: textFields(tool),
  };
}

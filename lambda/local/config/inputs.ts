import type { Environment } from './interpolate';

/** What VS Code asks its user for when a server starts, an entry of `inputs`: `${input:<id>}` stands for the answer. */
export interface InputEntry {
  readonly id: string;
  readonly type?: string;
  readonly description?: string;
  /** The answer is not shown. */
  readonly password?: boolean;
  readonly default?: string;
  /** Of `pickString`: one of them is the answer. */
  readonly options?: readonly string[];
}

/** An input that has no answer yet. */
export interface NeededInput extends InputEntry {
  /** The variable of the environment that would have the answer. */
  readonly variable: string;
}

const REFERENCE = /\$\{input:([^{}"\\]+)\}/g;

/** The variable of the environment that has the answer to an input: `MCP_INPUT_API_KEY` for `api-key`. */
export function inputVariable(id: string): string {
  return `MCP_INPUT_${id.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`;
}

/** `environment` with the defaults of inputs that it has no answer for. */
export function withInputDefaults(environment: Environment, inputs: readonly InputEntry[] = []): Environment {
  const defaults = inputs.flatMap((input) => (input.default === undefined ? [] : [[inputVariable(input.id), input.default]]));
  return defaults.length === 0 ? environment : { ...Object.fromEntries(defaults), ...environment };
}

/** Ids of inputs whose answers would be in one variable: two of them, and the variable. */
export function sameVariable(inputs: readonly InputEntry[] = []): readonly [first: string, second: string, variable: string] | undefined {
  const ids = new Map<string, string>();
  for (const { id } of inputs) {
    const variable = inputVariable(id);
    const before = ids.get(variable);
    if (before !== undefined && before !== id) return [before, id, variable];
    ids.set(variable, id);
  }
  return undefined;
}

/**
 * What `entries` refer to and `environment` has no answer for, each once. One that is not among `inputs` is taken for a secret.
 */
export function neededInputs(entries: readonly unknown[], inputs: readonly InputEntry[] = [], environment: Environment): readonly NeededInput[] {
  const ids = new Set([...JSON.stringify(entries).matchAll(REFERENCE)].map(([, id]) => id as string));
  return [...ids].flatMap((id) => {
    const variable = inputVariable(id);
    if (environment[variable] !== undefined) return [];
    return [{ ...(inputs.find((input) => input.id === id) ?? { id, password: true }), variable }];
  });
}

import type { ErrorObject } from 'ajv';
import type { JsonObject, ToolDefinition } from '../protocol';
import { KnownFields } from './known-fields';
import { TooCostly } from './pattern';
import { pointerStep, type ArgumentProblem, type ArgumentReason } from './problem';
import { compileSchema, UnusableSchema, type CompiledSchema } from './schema';
import { DEFAULT_ARGUMENT_LIMITS, normalizeArguments, type ArgumentLimits } from './text';

export interface ArgumentGuardOptions {
  /**
   * Whether arguments are forwarded in Unicode Normalization Form C. Otherwise they are forwarded as they came, and
   * must be allowed in both forms (IOV-6).
   *
   * @default true
   */
  readonly normalize?: boolean;
  /**
   * What to do with fields that the input schema does not know (IOV-4). One that differs from a known field in the case
   * of its name alone is refused either way.
   *
   * @default 'refuse'
   */
  readonly unknownArguments?: 'refuse' | 'allow';
  /** @default DEFAULT_ARGUMENT_LIMITS */
  readonly limits?: Partial<ArgumentLimits>;
}

export type ArgumentVerdict =
  | {
      readonly ok: true;
      /** What to send upstream. */
      readonly forward: JsonObject;
      /** Every form a policy has to allow; `forward` is the first. Two where they differ and `normalize` is off. */
      readonly forms: readonly JsonObject[];
    }
  | {
      readonly ok: false;
      readonly reason: ArgumentReason;
      readonly problems: readonly ArgumentProblem[];
    };

/** Checks the arguments of calls to one tool. Keeps nothing of a call; cache it as long as the definition stays the same. */
export interface ArgumentGuard {
  check(toolArguments: JsonObject): ArgumentVerdict;
}

const MAX_PROBLEMS = 8;

/**
 * The guard of one tool, compiled from its input schema: types, formats, ranges and enumerations (IOV-1, IOV-2), at every
 * depth (IOV-3), no unknown fields (IOV-4), normalised text without hidden characters (IOV-6).
 *
 * @throws UnusableSchema where the schema cannot be enforced; the tool must then not be offered
 */
export function compileArgumentGuard(tool: Pick<ToolDefinition, 'inputSchema'>, options: ArgumentGuardOptions = {}): ArgumentGuard {
  const limits = { ...DEFAULT_ARGUMENT_LIMITS, ...options.limits };
  const schema = compileSchema(tool.inputSchema);
  const fields = knownFields(schema);
  const unknownAllowed = options.unknownArguments === 'allow';
  const forwardsNormalized = options.normalize ?? true;

  return {
    check(toolArguments) {
      const text = normalizeArguments(toolArguments, limits);
      if (!text.ok) return { ok: false, reason: text.reason, problems: [text.problem] };
      const forms = forwardsNormalized || text.normalized === toolArguments ? [text.normalized] : [toolArguments, text.normalized];
      for (const form of forms) {
        const refused = checkForm(form, schema, fields, unknownAllowed);
        if (refused !== undefined) return refused;
      }
      return { ok: true, forward: forwardsNormalized ? text.normalized : toolArguments, forms };
    },
  };
}

function knownFields(schema: CompiledSchema): KnownFields {
  try {
    return new KnownFields(schema);
  } catch (error) {
    throw error instanceof UnusableSchema ? error : new UnusableSchema('a part of it does not compile');
  }
}

function checkForm(form: JsonObject, schema: CompiledSchema, fields: KnownFields, unknownAllowed: boolean): ArgumentVerdict | undefined {
  try {
    const errors = schema.validate(form);
    if (errors !== undefined) {
      const reason = errors.every((error) => extraField(error) !== undefined) ? 'unknown_argument' : 'invalid_argument';
      return refusal(reason, errors.slice(0, MAX_PROBLEMS).map(describe));
    }
    const unknown = unknownAllowed ? fields.findImpostor(form) : fields.findUnknown(form);
    return unknown === undefined ? undefined : refusal('unknown_argument', [{ pointer: unknown, message: UNKNOWN }]);
  } catch (error) {
    // A recursive schema that never comes to an end runs out of stack before it runs out of steps.
    if (error instanceof TooCostly || error instanceof RangeError) {
      return refusal('too_costly', [{ pointer: '', message: 'cannot be checked against the schema in reasonable time' }]);
    }
    throw error;
  }
}

function refusal(reason: ArgumentReason, problems: readonly ArgumentProblem[]): ArgumentVerdict {
  return { ok: false, reason, problems };
}

const UNKNOWN = 'is not a parameter of this tool';

function extraField(error: ErrorObject): string | undefined {
  const { additionalProperty, unevaluatedProperty } = error.params as Readonly<Record<string, string | undefined>>;
  return additionalProperty ?? unevaluatedProperty;
}

/** Ajv's messages quote the schema, not the value; a name the caller made up appears in the pointer alone. */
function describe(error: ErrorObject): ArgumentProblem {
  const extra = extraField(error);
  if (extra !== undefined) return { pointer: error.instancePath + pointerStep(extra), message: UNKNOWN };
  if (error.keyword === 'enum') {
    const allowed = JSON.stringify((error.params as { readonly allowedValues: unknown }).allowedValues);
    return { pointer: error.instancePath, message: allowed.length > 300 ? 'must be one of the allowed values' : `must be one of ${allowed}` };
  }
  return { pointer: error.instancePath, message: error.message ?? `must satisfy ${error.keyword}` };
}

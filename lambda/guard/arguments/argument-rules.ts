import { detectContent } from '../../detection/content';
import type { JsonObject, JsonValue, ToolDefinition } from '../../protocol';
import type { GuardFinding } from '../finding';
import { TooCostly } from '../pattern';
import { pointerStep, type ArgumentProblem } from '../problem';
import { secretScanner } from '../recognisers';
import { compileSchema, type CompiledSchema } from '../schema';
import { isFreeForm, kindOf, memberSchema } from './kinds';
import { pathProblem } from './path';
import { DEFAULT_FREE_FORM_LIMITS, type ArgumentPolicy, type CompileRules, type FreeFormLimits, type ParameterRules, type ToolArgumentRules } from './rules';
import { shellProblem } from './shell';
import { sqlProblem } from './sql';
import { checkUrl, resolvesToPublic, type Resolve } from './url';

export type RulesVerdict =
  | { readonly ok: true; readonly findings: readonly GuardFinding[] }
  | { readonly ok: false; readonly problems: readonly ArgumentProblem[]; readonly findings: readonly GuardFinding[] };

/** The rules for the arguments of one tool, compiled. */
export interface ArgumentRules {
  check(toolArguments: JsonObject): Promise<RulesVerdict>;
}

/** A text of fewer characters gives no order. */
const SHORTEST_ORDER = 24;

const MAX_PROBLEMS = 8;

/** What is only known where the rules are enforced. */
export interface RulesEnvironment {
  readonly resolve: Resolve;
  /** @default - rules in Cedar are not compiled */
  readonly compileRules?: CompileRules;
}

/**
 * Compiles what a policy says of one tool.
 *
 * @throws UnusableSchema where a schema of the policy does not compile
 */
export function compileArgumentRules(tool: Pick<ToolDefinition, 'name' | 'inputSchema'>, policy: ArgumentPolicy, { resolve, compileRules }: RulesEnvironment): ArgumentRules {
  const own = policy.tools?.[tool.name];
  const schemas = [policy.schema, own?.schema].filter((schema) => schema !== undefined).map(compileSchema);
  const rules = compileRules === undefined ? [] : [policy.rules, own?.rules].filter((text) => text !== undefined).map((text) => enforced(text, tool, compileRules));
  const check = { tool, policy, own, resolve, limits: { ...DEFAULT_FREE_FORM_LIMITS, ...policy.freeForm, ...own?.freeForm } };
  return {
    async check(toolArguments) {
      const pass = new Pass(check);
      for (const schema of schemas) pass.schema(schema, toolArguments);
      for (const broken of rules) pass.rules(broken(toolArguments));
      pass.value(toolArguments, tool.inputSchema, '', undefined);
      await pass.resolveNames();
      return pass.problems.length === 0 ? { ok: true, findings: pass.findings } : { ok: false, problems: pass.problems.slice(0, MAX_PROBLEMS), findings: pass.findings };
    },
  };
}

/** Rules that do not fit the tool as its server describes it now forbid every call of it. */
function enforced(text: string, tool: Pick<ToolDefinition, 'name' | 'inputSchema'>, compileRules: CompileRules): ReturnType<CompileRules> {
  try {
    return compileRules(text, tool);
  } catch {
    return () => [UNUSABLE];
  }
}

const UNUSABLE = 'unusable';

interface Check {
  readonly tool: Pick<ToolDefinition, 'name' | 'inputSchema'>;
  readonly policy: ArgumentPolicy;
  readonly own: ToolArgumentRules | undefined;
  readonly resolve: Resolve;
  readonly limits: FreeFormLimits;
}

class Pass {
  readonly problems: ArgumentProblem[] = [];
  readonly findings: GuardFinding[] = [];
  private readonly names: { readonly hostname: string; readonly pointer: string }[] = [];
  private freeValues = 0;

  constructor(private readonly context: Check) {}

  schema(schema: CompiledSchema, toolArguments: JsonObject): void {
    try {
      for (const { instancePath, message = 'is not as the rules say' } of schema.validate(toolArguments) ?? []) this.refuse('schema', 'rule', instancePath, message);
    } catch (error) {
      if (!(error instanceof TooCostly) && !(error instanceof RangeError)) throw error;
      this.refuse('schema', 'too-costly', '', 'cannot be checked against the rules in reasonable time');
    }
  }

  rules(broken: readonly string[]): void {
    for (const id of broken) this.refuse('rule', id, '', id === UNUSABLE ? 'cannot be checked: the rules for this tool do not fit its input schema' : `must keep the rule ${JSON.stringify(id)}`);
  }

  /** @param rules of the nearest parameter around that has some */
  value(value: JsonValue | undefined, schema: JsonObject | undefined, pointer: string, rules: ParameterRules | undefined, name = '', freeDepth = 0): void {
    if (typeof value === 'string') return this.text(value, schema, pointer, rules, name, freeDepth);
    if (typeof value !== 'object' || value === null) return;
    const depth = freeDepth > 0 || (pointer !== '' && isFreeForm(schema)) ? freeDepth + 1 : 0;
    if (depth > this.context.limits.maxDepth) return this.refuse('argument', 'too-deep', pointer, `must not be nested more than ${this.context.limits.maxDepth} levels deep`);
    const entries = Array.isArray(value) ? value.map((element, index) => [index, element] as const) : Object.entries(value);
    if (depth > 0 && (this.freeValues += entries.length) > this.context.limits.maxValues) return this.refuse('argument', 'too-many', pointer, `must not hold more than ${this.context.limits.maxValues} values`);
    for (const [key, member] of entries) {
      const at = pointer + pointerStep(key);
      const inner = Array.isArray(value) ? name : String(key);
      this.value(member, memberSchema(schema, key), at, this.rulesOf(String(key), at) ?? rules, inner, depth);
    }
  }

  private rulesOf(name: string, pointer: string): ParameterRules | undefined {
    const { policy, own } = this.context;
    return own?.parameters?.[name] ?? own?.parameters?.[pointer] ?? policy.parameters?.[name] ?? policy.parameters?.[pointer];
  }

  private text(text: string, schema: JsonObject | undefined, pointer: string, rules: ParameterRules | undefined, name: string, freeDepth: number): void {
    const { policy, limits } = this.context;
    if ((freeDepth > 0 || schema?.maxLength === undefined) && text.length > limits.maxStringLength) return this.refuse('argument', 'too-long', pointer, `must not be longer than ${limits.maxStringLength} characters`);
    const kind = rules?.kind ?? (policy.inferKinds === false ? 'text' : kindOf(name, schema));
    if (kind === 'path') this.report('path', pathProblem(text, rules?.path), pointer);
    else if (kind === 'shell') this.report('shell', shellProblem(text, rules?.shell), pointer);
    else if (kind === 'sql') this.report('sql', sqlProblem(text, rules?.sql), pointer);
    else if (kind === 'url') this.url(text, pointer, rules);
    if (policy.secrets !== 'allow' && rules?.allowSecrets !== true) this.secrets(text, pointer, name);
    if (policy.instructions !== 'allow' && rules?.allowInstructions !== true && text.length >= SHORTEST_ORDER) this.orders(text, pointer);
  }

  private url(text: string, pointer: string, rules: ParameterRules | undefined): void {
    const check = checkUrl(text, rules?.url, rules?.kind === 'url' || rules?.url !== undefined);
    if (check.kind === 'refused') this.refuse('argument', 'url', pointer, check.why);
    else if (check.kind === 'resolve') this.names.push({ hostname: check.hostname, pointer });
  }

  /** Asks for the addresses of names that may pass where these are public. A name without an answer does not pass. */
  async resolveNames(): Promise<void> {
    for (const { hostname, pointer } of this.names) {
      const isPublic = await resolvesToPublic(hostname, this.context.resolve).catch(() => false);
      if (!isPublic) this.refuse('argument', 'url', pointer, 'must not lead to a private, local or metadata address');
    }
  }

  private secrets(text: string, pointer: string, name: string): void {
    for (const { recogniser } of secretScanner().scan(text, { name })) return this.refuse('secret', recogniser, pointer, 'must not hold a secret');
  }

  private orders(text: string, pointer: string): void {
    const { verdict } = detectContent(text);
    if (verdict !== 'reject') return;
    if (this.context.policy.instructions === 'risk') this.findings.push({ direction: 'in', category: 'instructions', id: 'TC-901', action: 'risk', pointer, count: 1 });
    else this.refuse('instructions', 'TC-901', pointer, 'must not hold instructions to a model');
  }

  private report(id: string, problem: string | undefined, pointer: string): void {
    if (problem !== undefined) this.refuse('argument', id, pointer, problem);
  }

  private refuse(category: string, id: string, pointer: string, message: string): void {
    this.problems.push({ pointer, message });
    this.findings.push({ direction: 'in', category, id, action: 'blocked', pointer, count: 1 });
  }
}


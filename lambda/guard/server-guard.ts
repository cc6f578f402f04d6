import { lookup } from 'node:dns/promises';
import { LRUCache } from 'lru-cache';
import type { JsonObject, JsonRpcErrorObject, JsonValue, ToolDefinition } from '../protocol';
import { compileArgumentRules, type ArgumentPolicy, type ArgumentRules, type CompileRules, type Resolve } from './arguments';
import type { DlpService } from './dlp';
import type { GuardFinding } from './finding';
import { TooCostly } from './pattern';
import type { ArgumentProblem } from './problem';
import type { PurposeCheck } from './purpose';
import type { RecogniserFile } from './recognisers';
import { ResultGuard, type Carry, type Guarded, type GuardedExchange, type ResultPolicy } from './results';
import { compileSchema, type CompiledSchema } from './schema';

/** What a guard says of a call's arguments. */
export type GuardedArguments =
  | { readonly ok: true; readonly findings: readonly GuardFinding[] }
  | { readonly ok: false; readonly problems: readonly ArgumentProblem[]; readonly findings: readonly GuardFinding[] };

/** Who calls. */
export type GuardedCaller = Pick<GuardedExchange, 'principalKey' | 'groups' | 'requestId'>;

/** What stands between one server and the models that use it, both ways. Never throws: where it fails, nothing passes. */
export interface ServerGuard {
  checkArguments(tool: ToolDefinition, toolArguments: JsonObject, caller: GuardedCaller): Promise<GuardedArguments>;
  /** @param tool whose result it is; `undefined` for everything that is no tool's */
  guardResult(result: JsonObject, target: string | undefined, caller: GuardedCaller, tool?: ToolDefinition): Promise<Guarded<JsonObject>>;
  guardError(error: JsonRpcErrorObject, target: string | undefined, caller: GuardedCaller): Guarded<JsonRpcErrorObject>;
  /** Parameters of notifications and questions. @param carry of the stream that they belong to */
  guardParams(params: JsonObject, target: string | undefined, caller: GuardedCaller, carry?: Carry): Guarded<JsonObject>;
  createCarry(): Carry;
}

/** Everything that a guard found in one call. */
export interface GuardReport {
  readonly server: string;
  readonly target: string | undefined;
  readonly requestId: string;
  readonly findings: readonly GuardFinding[];
}

export interface ServerGuardOptions {
  readonly server: string;
  /** @default - no rules beside the schema of each tool, no secrets, no orders to a model */
  readonly arguments?: ArgumentPolicy;
  /** @default - the defaults of `ResultPolicy` */
  readonly results?: ResultPolicy;
  /** What happens to a result that is not what the tool's output schema promises. @default 'refuse' */
  readonly brokenPromises?: 'refuse' | 'allow';
  /** Recognisers of one's own, beside those of the package. @default - none */
  readonly recognisers?: readonly RecogniserFile[];
  /** 32 bytes, for reversible tokens. @default - none */
  readonly tokenKey?: Uint8Array;
  readonly dlp?: DlpService;
  /** Whether arguments fit the purpose that the tool is used for (IOV-7). @default - nobody asks */
  readonly purpose?: PurposeCheck;
  /** Gets what was found, for events and metrics; must not throw. @default - nobody does */
  readonly onReport?: (report: GuardReport) => void;
  /** The engine of rules in Cedar. @default - there is none, and a policy with such rules is refused */
  readonly compileRules?: CompileRules;
  /** @default - the resolver of this machine */
  readonly resolve?: Resolve;
  readonly clock?: () => number;
}

const MAX_TOOLS = 5_000;
const FAILURE: GuardFinding = { direction: 'out', category: 'failure', id: 'guard-failed', action: 'blocked', pointer: '', count: 1 };

/** @throws UnusableSchema or TypeError where the options cannot be enforced: the server must then not be served */
export function createServerGuard(options: ServerGuardOptions): ServerGuard {
  const { server, arguments: argumentPolicy = {}, results: policy, brokenPromises = 'refuse', purpose, onReport = () => {}, resolve = resolveName, compileRules } = options;
  const results = new ResultGuard({ policy, recognisers: options.recognisers, tokenKey: options.tokenKey, dlp: options.dlp, clock: options.clock });
  const rules = new LRUCache<ToolDefinition, ArgumentRules>({ max: MAX_TOOLS });
  const promises = new LRUCache<ToolDefinition, { readonly schema: CompiledSchema | undefined }>({ max: MAX_TOOLS });
  // What cannot be compiled must show when the gateway starts, not in the first call.
  if (compileRules === undefined && [argumentPolicy, ...Object.values(argumentPolicy.tools ?? {})].some(({ rules: text }) => text !== undefined)) throw new TypeError('there is no engine for rules in Cedar here');
  compileArgumentRules({ name: '', inputSchema: { type: 'object' } }, argumentPolicy, { resolve });
  for (const name of Object.keys(argumentPolicy.tools ?? {})) compileArgumentRules({ name, inputSchema: { type: 'object' } }, argumentPolicy, { resolve });

  function rulesFor(tool: ToolDefinition): ArgumentRules {
    let compiled = rules.get(tool);
    if (compiled === undefined) rules.set(tool, (compiled = compileArgumentRules(tool, argumentPolicy, { resolve, compileRules })));
    return compiled;
  }

  function promiseOf(tool: ToolDefinition): CompiledSchema | undefined {
    let promise = promises.get(tool);
    if (promise === undefined) promises.set(tool, (promise = { schema: tool.outputSchema === undefined ? undefined : compileSchema(tool.outputSchema) }));
    return promise.schema;
  }

  const report = (target: string | undefined, { requestId }: GuardedCaller, findings: readonly GuardFinding[]) => {
    if (findings.length > 0) onReport({ server, target, requestId, findings });
  };
  const exchangeOf = (target: string | undefined, caller: GuardedCaller): GuardedExchange => ({ ...caller, server, target });
  const failed = { ok: false, reason: 'failure/guard-failed', findings: [FAILURE] } as const;

  function guarded<T>(target: string | undefined, caller: GuardedCaller, guard: () => Guarded<T>): Guarded<T> {
    let outcome: Guarded<T>;
    try {
      outcome = guard();
    } catch {
      outcome = failed;
    }
    report(target, caller, outcome.findings);
    return outcome;
  }

  return {
    async checkArguments(tool, toolArguments, caller) {
      let verdict: GuardedArguments;
      try {
        verdict = await rulesFor(tool).check(toolArguments);
        if (verdict.ok && purpose !== undefined) verdict = { ok: true, findings: [...verdict.findings, ...(await purpose({ server, tool: tool.name, toolArguments, principalKey: caller.principalKey }))] };
      } catch {
        verdict = { ok: false, problems: [{ pointer: '', message: 'cannot be checked now' }], findings: [{ ...FAILURE, direction: 'in' }] };
      }
      report(tool.name, caller, verdict.findings);
      return verdict;
    },
    async guardResult(result, target, caller, tool) {
      let outcome: Guarded<JsonObject>;
      try {
        const schema = tool === undefined || brokenPromises === 'allow' ? undefined : promiseOf(tool);
        const isPromised = schema === undefined ? undefined : (content: JsonValue | undefined) => keeps(schema, content);
        outcome =
          isPromised !== undefined && result.isError !== true && !isPromised(result.structuredContent)
            ? { ok: false, reason: 'schema/output-schema-broken', findings: [{ direction: 'out', category: 'schema', id: 'output-schema-broken', action: 'blocked', pointer: '/structuredContent', count: 1 }] }
            : await results.guardResult(result, { ...exchangeOf(target, caller), isPromised });
      } catch {
        outcome = failed;
      }
      report(target, caller, outcome.findings);
      return outcome;
    },
    guardError: (error, target, caller) => guarded(target, caller, () => results.guardError(error, exchangeOf(target, caller))),
    guardParams: (params, target, caller, carry) => guarded(target, caller, () => results.guardParams(params, exchangeOf(target, caller), carry)),
    createCarry: () => results.createCarry(),
  };
}

function keeps(schema: CompiledSchema, content: JsonValue | undefined): boolean {
  if (content === undefined) return false;
  try {
    return schema.validate(content) === undefined;
  } catch (error) {
    if (error instanceof TooCostly || error instanceof RangeError) return false;
    throw error;
  }
}

async function resolveName(hostname: string): Promise<readonly string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

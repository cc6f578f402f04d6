import type { JsonObject, ToolDefinition } from '../../protocol';

/** What a parameter is, as far as its own check goes. */
export type ParameterKind = 'path' | 'url' | 'shell' | 'sql' | 'text';

export interface PathRules {
  /** Absolute folders that every path must lie in, once it is canonical. @default - anywhere, without traversal */
  readonly roots?: readonly string[];
  /** Paths without a leading slash, taken from the first root. @default true */
  readonly allowRelative?: boolean;
}

export interface UrlRules {
  /** @default ['https'] */
  readonly schemes?: readonly string[];
  /** Host names; `*.example.com` for all below one. They are believed to be what they resolve to. @default - none */
  readonly hosts?: readonly string[];
  /**
   * What happens to names that `hosts` does not have. `refuse`: a name can be made to mean another address after it was checked
   * (DNS rebinding), and the server, not the gateway, connects. `unsafeResolve`: they pass where all their addresses are public now.
   *
   * @default 'refuse' where `hosts` is given or the kind is declared; otherwise names that are not internal pass
   */
  readonly names?: 'refuse' | 'unsafeResolve';
  /** Ports besides those of the scheme. @default - none */
  readonly ports?: readonly number[];
}

export interface ShellRules {
  /** Programs that a command may begin with. @default - any */
  readonly programs?: readonly string[];
}

export interface SqlRules {
  /** What a statement may begin with, in lower case. @default ['select', 'with', 'explain', 'show', 'describe', 'values'] */
  readonly statements?: readonly string[];
}

/** Rules for one parameter, named by its name or, where it is nested, its JSON Pointer. */
export interface ParameterRules {
  /** @default - what its name, format and description say */
  readonly kind?: ParameterKind;
  readonly path?: PathRules;
  readonly url?: UrlRules;
  readonly shell?: ShellRules;
  readonly sql?: SqlRules;
  /** Secrets may be sent in it, as in the parameter of a tool that stores them. @default false */
  readonly allowSecrets?: boolean;
  /** Texts that read like instructions may be sent in it, such as prompts for another model. @default false */
  readonly allowInstructions?: boolean;
}

/** How much there may be where a schema says nothing of what there is. */
export interface FreeFormLimits {
  /** UTF-16 units of one string. @default 65536 */
  readonly maxStringLength: number;
  /** @default 8 */
  readonly maxDepth: number;
  /** Members and elements. @default 500 */
  readonly maxValues: number;
}

export const DEFAULT_FREE_FORM_LIMITS: FreeFormLimits = { maxStringLength: 65_536, maxDepth: 8, maxValues: 500 };

/** Rules for the arguments of one tool, on top of its schema. */
export interface ToolArgumentRules {
  /** JSON Schema that the arguments must satisfy as well: patterns, ranges, lists, and what must go together (IOV-8). */
  readonly schema?: JsonObject;
  /** The same in Cedar: `forbid (principal, action, resource) when { ... };` over `context.arguments`, type-checked against the tool's schema (IOV-8). */
  readonly rules?: string;
  readonly parameters?: Readonly<Record<string, ParameterRules>>;
  readonly freeForm?: Partial<FreeFormLimits>;
}

/** Rules for the arguments of a server's tools (IOV-5 to IOV-8, PUB-2). */
export interface ArgumentPolicy extends ToolArgumentRules {
  /** By name of the tool; what is said here adds to what is said for all. */
  readonly tools?: Readonly<Record<string, ToolArgumentRules>>;
  /** Whether parameters without a declared kind are checked as what their names say. @default true */
  readonly inferKinds?: boolean;
  /** @default 'refuse' */
  readonly secrets?: 'allow' | 'refuse';
  /** Orders to a model in arguments: `risk` lets them pass and raises the risk of the call. @default 'refuse' */
  readonly instructions?: 'allow' | 'risk' | 'refuse';
}

/** Compiles rules in Cedar for a tool; answers the ids of those that arguments break. @throws where they cannot be used */
export type CompileRules = (text: string, tool: Pick<ToolDefinition, 'name' | 'inputSchema'>) => (toolArguments: JsonObject) => readonly string[];

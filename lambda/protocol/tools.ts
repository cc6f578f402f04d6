import type { JsonObject } from './jsonrpc';

/** A tool as its server lists it. Everything in it is the server's own word. */
export interface ToolDefinition {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations?: ToolAnnotations;
  readonly [key: string]: unknown;
}

/** Hints of the server about its tool; absent ones have the defaults of the specification (tools: annotations). */
export interface ToolAnnotations {
  readonly title?: string;
  /** @default false */
  readonly readOnlyHint?: boolean;
  /** @default true */
  readonly destructiveHint?: boolean;
  /** @default false */
  readonly idempotentHint?: boolean;
  /** @default true */
  readonly openWorldHint?: boolean;
}

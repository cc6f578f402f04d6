/** A tool as an MCP server's `tools/list` gives it. */
export interface McpToolDefinition {
  /** The tool's name. */
  readonly name: string;

  /** The JSON Schema of the tool's arguments. */
  readonly inputSchema: { readonly [key: string]: unknown };

  /**
   * What the tool does, in its server's words.
   *
   * @default - none
   */
  readonly description?: string;

  /**
   * The server's hints about the tool, such as `readOnlyHint`.
   *
   * @default - the defaults of the specification
   */
  readonly annotations?: { readonly [key: string]: unknown };
}

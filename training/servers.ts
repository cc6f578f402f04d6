import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Sentences of the definitions that one public MCP server offers. */
export interface ServerSentences {
  /** Address of its source. */
  readonly source: string;
  readonly licence: string;
  /** The notice that its licence asks to keep. */
  readonly notice: string;
  readonly sentences: readonly string[];
}

/** What honest servers say about their tools; docs/detection.md lists them, since they are no longer unseen. */
export function serverSentences(): readonly ServerSentences[] {
  return JSON.parse(readFileSync(join(__dirname, 'data', 'servers.json'), 'utf8')) as readonly ServerSentences[];
}

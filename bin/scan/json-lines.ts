import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { isJsonObject, type ToolDefinition } from '../../lambda/protocol';
import type { ToolSubject } from './subject';

/** A line of the input: something to scan, or why it is not. */
export type Line = { readonly ok: true; readonly subject: ToolSubject } | { readonly ok: false; readonly line: number; readonly error: string };

/** Reads `{"id", "server", "tool": {...}}` a line, as they come. Empty lines are none. */
export async function* readJsonLines(input: Readable, source: string): AsyncGenerator<Line> {
  let number = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    number += 1;
    if (text.trim() !== '') yield parseLine(text, number, source);
  }
}

export function parseLine(text: string, line: number, source: string): Line {
  const fail = (error: string): Line => ({ ok: false, line, error });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail('This line is not JSON.');
  }
  if (!isJsonObject(value)) return fail('Expected an object with "id" and "tool".');
  const { id, server, tool } = value;
  if (typeof id !== 'string' && typeof id !== 'number') return fail('"id" has to be a string or a number.');
  if (server !== undefined && server !== null && typeof server !== 'string') return fail('"server" has to be a string.');
  if (!isJsonObject(tool)) return fail('"tool" has to be an object, the definition as the server lists it.');
  return { ok: true, subject: { kind: 'tool', id, ...(typeof server === 'string' ? { server } : {}), tool: tool as unknown as ToolDefinition, source } };
}

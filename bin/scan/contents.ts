import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { detectContent, type ContentVerdict, type Finding, type Verdict } from '../../lambda/detection';
import { findPayloads } from '../../lambda/guard';
import { isJsonObject } from '../../lambda/protocol';

/** What a text is: something a server answered, or arguments on their way to one. */
export type ContentKind = 'result' | 'arguments';

/** Judges one text. Arguments are also searched for attacks on what evaluates them. */
export function scanContent(text: string, kind: ContentKind): ContentVerdict {
  const content = detectContent(text);
  const hits = kind === 'result' ? [] : findPayloads(text);
  if (hits.length === 0) return content;
  const score = 1 - hits.reduce((rest, { rule }) => rest * (1 - rule.score), 1 - content.score);
  const findings = hits.map(({ rule, start, end }): Finding => ({ ruleId: rule.id, severity: rule.score >= 0.9 ? 'critical' : 'high', pointer: '', start, end, sentence: rule.sentence, owaspId: 'MCP05' }));
  return { verdict: 'reject', score, findings: [...findings, ...content.findings] };
}

/** What one run over lines met. */
export interface ScannedContents {
  readonly verdicts: ReadonlySet<Verdict>;
  readonly malformed: boolean;
}

/** Answers `{"id", "text"}` a line with `{"id", "verdict", "score", "findings"}`, in the same order, each as it comes. */
export async function scanContents(input: Readable, kind: ContentKind, write: (line: string) => Promise<void>): Promise<ScannedContents> {
  const verdicts = new Set<Verdict>();
  let malformed = false;
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number += 1;
    if (line.trim() === '') continue;
    const read = readLine(line);
    if ('error' in read) {
      malformed = true;
      await write(JSON.stringify({ id: null, line: number, error: read.error }));
      continue;
    }
    const { verdict, score, findings } = scanContent(read.text, kind);
    verdicts.add(verdict);
    await write(JSON.stringify({ id: read.id, verdict, score, findings }));
  }
  return { verdicts, malformed };
}

function readLine(line: string): { readonly id: string | number; readonly text: string } | { readonly error: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { error: 'This line is not JSON.' };
  }
  if (!isJsonObject(value)) return { error: 'Expected an object with "id" and "text".' };
  const { id, text } = value;
  if (typeof id !== 'string' && typeof id !== 'number') return { error: '"id" has to be a string or a number.' };
  return typeof text === 'string' ? { id, text } : { error: '"text" has to be a string, the content as the server or the client sends it.' };
}

/** Writes lines to a stream, and waits where whoever reads is slower. */
export function lineWriter(output: NodeJS.WriteStream): (line: string) => Promise<void> {
  return async (line) => {
    if (!output.write(`${line}\n`)) await once(output, 'drain');
  };
}

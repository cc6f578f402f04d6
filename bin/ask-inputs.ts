import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { escapeUnprintable } from '../lambda/audit/unprintable';
import { inputsNeededBy, StartError, type Environment, type NeededInput } from '../lambda/local';

/** Where somebody sits who can be asked. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/**
 * The environment with answers to the inputs of VS Code that the configuration needs, asked for where there is a terminal. Only the
 * configuration sees them: no process inherits them.
 */
export async function environmentFor(file: string, environment: Environment = process.env, terminal: Terminal = { input: process.stdin, output: process.stderr }): Promise<Environment> {
  if (terminal.input.isTTY !== true || terminal.output.isTTY !== true) return environment;
  const answers: Record<string, string> = {};
  for (const input of inputsNeededBy(file, environment)) answers[input.variable] = await ask(input, terminal);
  return { ...environment, ...answers };
}

async function ask(input: NeededInput, terminal: Terminal): Promise<string> {
  const { id, description, options, default: usual } = input;
  const choice = options === undefined ? '' : ` (${options.join(', ')})`;
  const question = escapeUnprintable(`${description ?? id}${choice}${usual === undefined ? '' : ` [${usual}]`}: `);
  for (;;) {
    const answer = (await readLine(question, input.password === true, terminal)) || usual;
    if (answer !== undefined && answer !== '' && (options === undefined || options.includes(answer))) return answer;
  }
}

/** @throws StartError when the terminal ends before the line does */
async function readLine(question: string, isSecret: boolean, { input, output }: Terminal): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: isSecret ? silent : output, terminal: true, historySize: 0 });
  const ended = new Promise<never>((_, reject) => lines.once('close', () => reject(new StartError('Nothing was answered.'))));
  ended.catch(() => {});
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  // From here on the terminal itself shows nothing of what is typed.
  if (isSecret) output.write(question);
  try {
    return await Promise.race([lines.question(isSecret ? '' : question), ended]);
  } finally {
    lines.close();
    if (isSecret) output.write('\n');
  }
}

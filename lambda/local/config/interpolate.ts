import { homedir } from 'node:os';
import { basename, sep } from 'node:path';
import { inputVariable } from './inputs';

export type Environment = Readonly<Record<string, string | undefined>>;
export type Interpolation = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

/**
 * `text` with its references replaced, as MCP clients do it: `${NAME}`, `${env:NAME}` and `${NAME:-default}` from `environment`;
 * `${userHome}`, `${workspaceFolder}`, `${workspaceFolderBasename}`, `${cwd}`, `${pathSeparator}` and `${/}`; `${input:id}` by the answer that
 * `environment` has for it. A variable that is not set is an error, not an empty string. What is put in is not looked at again.
 *
 * @param environment `undefined` leaves references as they are
 */
export function interpolate(text: string, environment: Environment | undefined, projectFolder?: string): Interpolation {
  if (environment === undefined) return { ok: true, text };
  let message: string | undefined;
  const result = text.replace(/\$\{([^{}]*)\}/g, (whole, reference: string) => {
    const found = resolveReference(reference, environment, projectFolder);
    if ('text' in found) return found.text;
    message ??= found.message;
    return whole;
  });
  return message === undefined ? { ok: true, text: result } : { ok: false, message };
}

function resolveReference(reference: string, environment: Environment, projectFolder: string | undefined): { readonly text: string } | { readonly message: string } {
  const [, id] = /^input:(.+)$/s.exec(reference) ?? [];
  if (id !== undefined) {
    const variable = inputVariable(id);
    return textOr(own(environment, variable), `the input ${JSON.stringify(id)} has no answer, expected it in the environment as ${variable}`);
  }
  const predefined = predefinedText(reference, projectFolder);
  if (predefined !== undefined) return { text: predefined };
  const [, name, fallback] = /^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(reference) ?? [];
  if (name === undefined) return { message: 'a reference that is not understood, expected ${NAME}, ${env:NAME} or ${NAME:-default}' };
  return textOr(own(environment, name) ?? fallback, `the environment variable ${name} is not set`);
}

/** What the editor knows that the file is of. */
function predefinedText(name: string, projectFolder: string | undefined): string | undefined {
  switch (name) {
    case 'userHome':
      return homedir();
    case 'workspaceFolder':
    case 'cwd':
      return projectFolder;
    case 'workspaceFolderBasename':
      return projectFolder && basename(projectFolder);
    case 'pathSeparator':
    case '/':
      return sep;
    default:
      return undefined;
  }
}

function textOr(text: string | undefined, message: string): { readonly text: string } | { readonly message: string } {
  return text === undefined ? { message } : { text };
}

function own(values: Environment, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

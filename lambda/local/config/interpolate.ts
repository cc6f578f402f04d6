import { homedir } from 'node:os';

export type Environment = Readonly<Record<string, string | undefined>>;
export type Interpolation = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

/**
 * `text` with `${NAME}`, `${env:NAME}` and `${NAME:-default}` replaced from `environment`, as MCP clients do it, and
 * `${userHome}` and `${workspaceFolder}` by the folders of the user and of the project. A variable that is not set is an
 * error, not an empty string. What is put in is not looked at again.
 */
export function interpolate(text: string, environment: Environment, projectFolder?: string): Interpolation {
  const folders: Environment = { userHome: homedir(), workspaceFolder: projectFolder };
  let message: string | undefined;
  const result = text.replace(/\$\{([^{}]*)\}/g, (whole, reference: string) => {
    const [, name, fallback] = /^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(reference) ?? [];
    const value = name === undefined ? undefined : (own(environment, name) ?? own(folders, name) ?? fallback);
    if (value !== undefined) return value;
    message ??= name === undefined ? explainReference(reference) : `the environment variable ${name} is not set`;
    return whole;
  });
  return message === undefined ? { ok: true, text: result } : { ok: false, message };
}

function own(values: Environment, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function explainReference(reference: string): string {
  if (reference.startsWith('input:')) return 'the gateway cannot ask for an input, expected ${NAME} of an environment variable';
  return 'a reference that is not understood, expected ${NAME} or ${env:NAME}';
}

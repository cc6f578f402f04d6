import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { LocalConfig } from './config';
import type { SecretEntry } from './credentials';
import { interpolate, type Environment } from './interpolate';

/** `page` of a configuration file: whether there is a live page, and what a browser has to show. */
export type PageEntry = boolean | { readonly token: SecretEntry };

/** Long enough that nobody guesses it. */
const LEAST_TOKEN = 24;

/** @throws TypeError that says what is wrong with the token, without it */
export function readPage(folder: string, environment: Environment, entry: PageEntry | undefined): LocalConfig['page'] {
  if (typeof entry !== 'object') return entry === false ? false : undefined;
  const token = typeof entry.token === 'string' ? textOf(entry.token, environment) : fileAt(resolve(folder, entry.token.file));
  if (token.length < LEAST_TOKEN) throw new TypeError(`expected a token of at least ${LEAST_TOKEN} characters`);
  return { token };
}

function textOf(template: string, environment: Environment): string {
  const text = interpolate(template, environment);
  if (!text.ok) throw new TypeError(text.message);
  return text.text;
}

function fileAt(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new TypeError(`cannot read the file ${path} (${(error as NodeJS.ErrnoException).code})`);
  }
}

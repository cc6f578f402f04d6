import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { partOf } from './folds';

/** Packages of this project whose type declarations are well documented: what they say about credentials, users and order is honest. */
const PACKAGES = ['aws-cdk-lib', 'aws-cdk', '@modelcontextprotocol/server', '@modelcontextprotocol/client', '@modelcontextprotocol/core', '@aws-sdk/client-verifiedpermissions', '@aws-sdk/client-secrets-manager', '@types/node', 'undici', 'jose', 'hono', 'pino', 'typescript/lib', 'cdk-nag', 'fast-check'];

/** Of sentences without a word of {@link TELLING} one in so many is taken, of those with one in fewer. */
const SHARE = 30;
const TELLING_SHARE = 2;

/** Words that attacks are made of as well. */
const TELLING =
  /\b(?:must|always|never|before|after|first|do not|don't|should|user|users|password|credentials?|secret|token|tokens|private key|send|sends|forward|ignore|instead of|override|call|invoke|conversation|message|messages|hidden|silently|bypass|disable|skip|admin|administrator|prefer|recommended|important|warning|tool|tools|file|confirm|approval|prompt|read|upload|copy)\b/i;
const BLOCK = /\/\*\*([\s\S]{20,4000}?)\*\//g;

/** Sentences of technical documentation, each once, in a fixed order. The versions are those of the lock file. */
export function documentation(modules = join(__dirname, '..', 'node_modules')): readonly string[] {
  const found = new Set<string>();
  for (const name of PACKAGES) {
    const folder = join(modules, name);
    if (!existsSync(folder)) throw new Error(`Training reads the declarations of ${name}; run npm ci first.`);
    for (const file of declarations(folder)) {
      for (const [, comment] of readFileSync(file, 'utf8').matchAll(BLOCK)) {
        for (const sentence of sentences(comment!)) if (partOf(sentence, TELLING.test(sentence) ? TELLING_SHARE : SHARE) === 0) found.add(sentence);
      }
    }
  }
  return [...found];
}

function sentences(comment: string): readonly string[] {
  return comment
    .replaceAll(/^\s*\* ?/gm, '')
    .split(/\n\s*\n|\n\s*@|(?<=[.!?])\s+/)
    .map((text) => text.replaceAll(/\s+/g, ' ').replace(/^(?:see|param|default|returns?|link|example|deprecated)\b\s*-?\s*/i, '').trim())
    .filter((text) => text.length > 15 && text.length < 300 && !text.startsWith('http') && !text.includes('@') && !/[{};]/.test(text));
}

function* declarations(folder: string): Iterable<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory() && entry.name !== 'node_modules') yield* declarations(join(folder, entry.name));
    else if (/\.d\.[mc]?ts$/.test(entry.name)) yield join(folder, entry.name);
  }
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from './random';

/** How often a phrase that has others of like meaning becomes one of them. */
const SHARE = 0.4;

const groups = JSON.parse(readFileSync(join(__dirname, 'data', 'paraphrases.json'), 'utf8')) as readonly (readonly string[])[];
const byPhrase = new Map<string, readonly string[]>();
for (const group of groups) for (const phrase of group) if (!byPhrase.has(phrase.toLowerCase())) byPhrase.set(phrase.toLowerCase(), group);
for (const group of groups) byPhrase.set(group[0]!.toLowerCase(), group);

const PHRASES = new RegExp(
  `(?<![\\w{/.-])(?:${[...byPhrase.keys()].sort((a, b) => b.length - a.length).map((phrase) => phrase.replaceAll(/[^\w ]/g, '\\$&')).join('|')})(?![\\w}/-])`,
  'gi',
);

/**
 * Says the same in other words, now and then clumsily. It is done to attacks and to honest texts alike, so that no word by
 * itself comes to stand for one of them.
 */
export function paraphrase(text: string, random: Random): string {
  return text.replaceAll(PHRASES, (phrase) => {
    if (random.next() >= SHARE) return phrase;
    const other = random.pick(byPhrase.get(phrase.toLowerCase())!);
    return /^\p{Lu}/u.test(phrase) ? other[0]!.toUpperCase() + other.slice(1) : other;
  });
}

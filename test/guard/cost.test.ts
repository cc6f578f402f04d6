import { detectContent } from '../../lambda/detection';
import { createServerGuard, findPayloads } from '../../lambda/guard';
import { scannerOf } from '../../lambda/guard';
import { findInternals } from '../../lambda/guard/results/internals';
import { activeMarkup } from '../../lambda/guard/results/markup';
import { hiddenEdits } from '../../lambda/guard/results/hidden';
import { pathProblem } from '../../lambda/guard/arguments/path';
import { shellProblem } from '../../lambda/guard/arguments/shell';
import { sqlProblem } from '../../lambda/guard/arguments/sql';

/** Beginnings without ends: what makes a pattern try again from every place. */
const FRAGMENTS = [
  'a', ' ', '\n', '-', '-----BEGIN PRIVATE KEY-----', '-----BEGIN ', 'AKIA', 'ghp_', 'eyJ', 'eyJhbGciOiJub25lIn0.', 'password=', 'password: ', 'secret', 'api_key=', 'postgres://a:', 'http://', 'server=', 'Bearer ', 'PuTTY-User-Key-File-3: ',
  '1', '1 ', '12-', '4111 ', 'DE12 ', 'AB12', '@', 'a@', 'a.', 'a@b.', '+49 ', 'MRN: ', 'Address: 1 A', 'date of birth ', 'phone ',
  '![', '![a](', '![a](//', '![a](https://x?', '[a](https://', '[', '](', '<', '<a ', '<img ', '<img src=//', '<script>', '<script', '</', '<iframe ', '<meta ', '<form action=http:', ' onerror=', '<p onerror=', 'javascript:', 'data:text/html,', 'ui://',
  '\u001b[', '\u001b]0;', '\u200b', '\u200d', '\u{e0041}', '\u0301', '%41', '%2e', '%', '\\u0041', '&#65;', 'QUJD', 'QUJD=', '41',
  '\n    at ', '\n  File "', 'Traceback (most recent call last):', '/home/', 'C:\\a', 'node 1.', 'SELECT ', 'a.internal', '10.',
  '../', '..%2f', '%252e', '{{', '{{self.', '${', '${jndi', '<!DOCTYPE [', '<!ENTITY ', "' or ", "'", '"', '/*', '--', '$$', ';', '`', 'union select ', 'curl ', 'curl x |', 'eval(', '__class__', 'docker run ', '<|im_start|>', '[SYSTEM]', '<!-- AI ', 'style="', 'BEGIN ', 'ignore all previous instructions ', 'r.e.m.e.', '😀', '中',
];

const LENGTH = 60_000;
/** Per text; the machine may be busy. Quadratic behaviour takes minutes. */
const MOST_MS = 1_500;

const guard = createServerGuard({ server: 's' });
const caller = { principalKey: 'a', groups: [], requestId: 'r' };
const scanner = scannerOf();

describe('GW-2 time is bounded for every text', () => {
  it.each([
    ['the recognisers', (text: string) => void scanner.scan(text)],
    ['markup', (text: string) => void activeMarkup(text)],
    ['hidden characters', (text: string) => void hiddenEdits(text)],
    ['internals', (text: string) => void findInternals(text)],
    ['payloads', (text: string) => void findPayloads(text)],
    ['paths', (text: string) => void pathProblem(text, { roots: ['/a'] })],
    ['commands', (text: string) => void shellProblem(text)],
    ['SQL', (text: string) => void sqlProblem(text)],
    ['the detector', (text: string) => void detectContent(text)],
  ])('in %s', (_what, run) => {
    const slow: string[] = [];
    for (const fragment of FRAGMENTS) {
      for (const text of [fragment.repeat(Math.floor(LENGTH / fragment.length)), `${fragment.repeat(Math.floor(LENGTH / fragment.length))}!`]) {
        const start = process.cpuUsage();
        run(text);
        const { user } = process.cpuUsage(start);
        if (user / 1_000 > MOST_MS) slow.push(`${JSON.stringify(fragment)}: ${Math.round(user / 1_000)} ms`);
      }
    }
    expect(slow).toEqual([]);
  });

  it('in all of it together', async () => {
    const text = FRAGMENTS.map((fragment) => fragment.repeat(20)).join(' ');
    const start = process.cpuUsage();
    await guard.guardResult({ content: [{ type: 'text', text }], structuredContent: { text } }, 't', caller);
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(2 * MOST_MS);
  });
});

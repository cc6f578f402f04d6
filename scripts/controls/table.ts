import { posix } from 'node:path';
import type { Mention } from './mentions';
import type { Control, Section } from './read-catalogue';

/** What the code says of itself. */
export interface Evidence {
  readonly implementations: readonly Mention[];
  readonly tests: readonly Mention[];
}

/** Not among those that `npm test` runs. */
export const BROWSER_TESTS = 'test-browser';

/** Shown of each. */
const SHOWN = 3;
const MAX_TITLE = 110;

const HEAD = `# Controls

Each control of [arXiv:2504.08623](https://arxiv.org/abs/2504.08623), where it is implemented, and the tests that prove it. This page is
written by \`npm run controls\` from the doc comments of the code and the titles of the tests; \`npm test\` fails where it is not up to
date, where a control has no implementation or no test, and where the code names a control that is not on it. What is the work of
the people who run MCP is marked so. A test that carries a control's id proves the behaviour in its title, not that the control is
complete: what is not stopped is said in the pages of each part. Tests that are marked so need a browser: \`npm run test:browser\` runs them, after \`npm test\`.
`;

/** What is missing, one sentence for each control. */
export function findGaps(sections: readonly Section[], { implementations, tests }: Evidence): readonly string[] {
  const controls = sections.flatMap((section) => section.controls);
  const known = new Set(controls.map(({ id }) => id));
  const families = new Set(controls.map(({ id }) => id.replace(/-.*/, '')));
  const strangers = [...implementations, ...tests].filter(({ id }) => families.has(id.replace(/-.*/, '')) && !known.has(id));
  const ours = controls.filter(({ organisation }) => organisation === undefined);
  return [
    ...strangers.map(({ id, file }) => `${file} names ${id}, which is no control`),
    ...ours.filter(({ id }) => !implementations.some((mention) => mention.id === id)).map(({ id, name }) => `${id} (${name}): no doc comment says that it implements it`),
    ...ours.filter(({ id }) => !tests.some((mention) => mention.id === id)).map(({ id, name }) => `${id} (${name}): no test has it in its title`),
  ];
}

/** The page. `folder` is where it will lie, from the repository's root. */
export function renderTable(sections: readonly Section[], evidence: Evidence, folder: string): string {
  const parts = sections.map(({ section, controls }) => {
    const rows = controls.map((control) => `| ${control.id} | **${control.name}**: ${control.asks} | ${rowOf(control, evidence, folder).join(' | ')} |`);
    return [`## ${section}`, '', '| | Control | Implemented by | Proved by |', '|---|---|---|---|', ...rows].join('\n');
  });
  return `${HEAD}\n${parts.join('\n\n')}\n`;
}

function rowOf({ id, organisation }: Control, { implementations, tests }: Evidence, folder: string): readonly [string, string] {
  if (organisation !== undefined) return ['*the organisation\'s duty*', organisation];
  const implemented = unique(implementations.filter((mention) => mention.id === id), ({ file, name }) => `${file} ${name}`);
  const proved = unique(tests.filter((mention) => mention.id === id), ({ file, name }) => `${file} ${name}`);
  return [
    list(implemented.map(({ file, name }) => link(name === '' ? posix.basename(file) : `\`${name}\``, file, folder)), 'places'),
    list(proved.map(({ file, name }) => `${escape(shorten(name))} (${link(posix.basename(file, '.test.ts'), file, folder)}${file.startsWith(`${BROWSER_TESTS}/`) ? ', in a browser' : ''})`), 'tests'),
  ];
}

function list(items: readonly string[], what: string): string {
  const rest = items.length > SHOWN ? [`and more ${what}`] : [];
  return [...items.slice(0, SHOWN), ...rest].join('<br>');
}

function link(text: string, file: string, folder: string): string {
  return `[${text}](${posix.relative(folder, file)})`;
}

function shorten(title: string): string {
  return title.length > MAX_TITLE ? `${title.slice(0, MAX_TITLE - 1)}…` : title;
}

function escape(text: string): string {
  return text.replace(/[\\|<>*_`[\]]/g, '\\$&');
}

function unique<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

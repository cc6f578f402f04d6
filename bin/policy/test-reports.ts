import { escapeUnprintable } from '../../lambda/audit/unprintable';
import type { TestRun } from './test-file';

/** One line for each test that fails, and one for all of them. */
export function testText({ file, results }: TestRun): string {
  const failed = results.filter(({ failures }) => failures.length > 0);
  const lines = failed.flatMap(({ name, line, failures }) => failures.map((failure) => escapeUnprintable(`${file}:${line}: ${name}: ${failure}`)));
  const total = results.length === 1 ? '1 test' : `${results.length} tests`;
  return [...lines, `${file}: ${failed.length === 0 ? `${total}, all as expected` : `${total}, ${failed.length} not as expected`}`].join('\n');
}

/** All results as one JSON document. */
export function testJson(runs: readonly TestRun[]): string {
  const files = runs.map(({ file, results }) => ({
    file,
    tests: results.map(({ name, line, failures }) => ({ name, line, ok: failures.length === 0, failures })),
  }));
  return JSON.stringify({ ok: runs.every(isGood), files }, undefined, 2);
}

/** All results as JUnit XML, which continuous integration shows. */
export function testJUnit(runs: readonly TestRun[]): string {
  const suites = runs.map(({ file, results }) => {
    const failed = results.filter(({ failures }) => failures.length > 0).length;
    const seconds = results.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1_000;
    const cases = results.map(({ name, line, failures, milliseconds }) => {
      const head = `    <testcase name=${attribute(name)} classname=${attribute(file)} file=${attribute(file)} line="${line}" time="${(milliseconds / 1_000).toFixed(6)}"`;
      if (failures.length === 0) return `${head}/>`;
      return `${head}>\n${failures.map((failure) => `      <failure message=${attribute(failure)}/>`).join('\n')}\n    </testcase>`;
    });
    return `  <testsuite name=${attribute(file)} tests="${results.length}" failures="${failed}" errors="0" time="${seconds.toFixed(6)}">\n${cases.join('\n')}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>`;
}

export function isGood({ results }: TestRun): boolean {
  return results.every(({ failures }) => failures.length === 0);
}

/** Characters that XML 1.0 cannot have at all. */
const NO_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;', '\r': '&#13;', '\t': '&#9;' };

function attribute(value: string): string {
  return `"${value.replace(NO_XML, '\ufffd').replace(/[&<>"\n\r\t]/g, (character) => ENTITIES[character]!)}"`;
}

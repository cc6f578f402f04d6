/** `npm run controls`: writes `docs/controls.md`, which control is implemented where and proved by which test. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findImplementations, findTests } from './mentions';
import { readCatalogue, type Section } from './read-catalogue';
import { BROWSER_TESTS, findGaps, renderTable, type Evidence } from './table';

export const CODE_FOLDERS = ['bin', 'lambda', 'lib', 'network', 'range', 'scripts'];
export const TEST_FOLDERS = ['test', BROWSER_TESTS];
export const PAGE = 'docs/controls.md';

/** Everything that the page is made of. */
export function readControls(root: string): { readonly sections: readonly Section[]; readonly evidence: Evidence } {
  return {
    sections: readCatalogue(join(root, 'scripts', 'controls', 'catalogue.yaml')),
    evidence: { implementations: findImplementations(root, CODE_FOLDERS), tests: findTests(root, TEST_FOLDERS) },
  };
}

if (require.main === module) {
  const root = join(__dirname, '..', '..');
  const { sections, evidence } = readControls(root);
  const gaps = findGaps(sections, evidence);
  for (const gap of gaps) console.error(gap);
  writeFileSync(join(root, PAGE), renderTable(sections, evidence, 'docs'));
  console.log(`${PAGE}: ${sections.flatMap(({ controls }) => controls).length} controls, ${gaps.length} gaps`);
  process.exitCode = gaps.length === 0 ? 0 : 1;
}

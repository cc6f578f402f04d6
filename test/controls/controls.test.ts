import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PAGE, readControls } from '../../scripts/controls';
import { findImplementations, findTests, idsIn } from '../../scripts/controls/mentions';
import { findGaps, renderTable } from '../../scripts/controls/table';

const ROOT = join(__dirname, '..', '..');

describe('the table of controls', () => {
  const { sections, evidence } = readControls(ROOT);

  it('has an implementation and a test for every control that is not the duty of the organisation', () => {
    expect(findGaps(sections, evidence)).toEqual([]);
  });

  it('is up to date: npm run controls writes it', () => {
    expect(readFileSync(join(ROOT, PAGE), 'utf8')).toBe(renderTable(sections, evidence, 'docs'));
  });
});

describe('what is missing', () => {
  const sections = [{ section: 'One', controls: [{ id: 'GW-1', name: 'Validation', asks: 'all' }, { id: 'GW-9', name: 'Review', asks: 'people', organisation: 'is done by people' }] }];
  const mention = { id: 'GW-1', file: 'lambda/a.ts', name: 'check' };

  it('is an implementation, a test, or the control that is named', () => {
    expect(findGaps(sections, { implementations: [], tests: [mention] })).toEqual(['GW-1 (Validation): no doc comment says that it implements it']);
    expect(findGaps(sections, { implementations: [mention], tests: [] })).toEqual(['GW-1 (Validation): no test has it in its title']);
    expect(findGaps(sections, { implementations: [mention, { ...mention, id: 'GW-2' }], tests: [mention] })).toEqual(['lambda/a.ts names GW-2, which is no control']);
    expect(findGaps(sections, { implementations: [mention], tests: [mention] })).toEqual([]);
  });
});

describe('what is read from the code', () => {
  const root = mkdtempSync(join(tmpdir(), 'controls-'));
  afterAll(() => rmSync(root, { recursive: true }));
  const write = (file: string, text: string) => {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), text);
  };

  it('is the declaration that a comment stands before', () => {
    write('code/a.ts', '/** The folder (GW-1). */\nimport x from "x";\n/** Checks (GW-2, IOV-1 to IOV-3). */\nexport function check() {}\nexport class A {\n  /** Stops (IR-2). */\n  stop() {}\n}\n');
    expect(findImplementations(root, ['code']).map(({ id, name }) => `${id} ${name}`)).toEqual(['GW-1 ', 'GW-2 check', 'IOV-1 check', 'IOV-2 check', 'IOV-3 check', 'IR-2 A.stop']);
  });

  it('is the title of a test with those of its suites, in tables too', () => {
    write('tests/a.test.ts', "describe('CV-1 calls', () => {\n  it.each([1])('are %s', () => {});\n  it.each`a`('GW-1 too', () => {});\n});\nit(`GW-${2}`, () => {});\n// GW-3 is a comment\n");
    expect(findTests(root, ['tests']).map(({ id, name }) => `${id} ${name}`)).toEqual(['CV-1 CV-1 calls › are %s', 'CV-1 CV-1 calls › GW-1 too', 'GW-1 CV-1 calls › GW-1 too']);
  });

  it('is not the title of a test that is skipped or still to be written, nor what a test calls by such a name', () => {
    write('skipped/a.test.ts', "it.skip('CV-1 is skipped', () => {});\nit.todo('CV-2 comes later');\ndescribe.skip('CV-3', () => { it('is skipped too', () => {}); });\nit.skip.each([1])('CV-4 %s', () => {});\nit('GW-1 calls', () => { stand.test('GW-2'); test('GW-3', 1); });\n");
    expect(findTests(root, ['skipped']).map(({ id, name }) => `${id} ${name}`)).toEqual(['GW-1 GW-1 calls']);
  });

  it('is shown with the suite that it is in, where a test needs a browser', () => {
    const sections = [{ section: 'One', controls: [{ id: 'GW-1', name: 'Validation', asks: 'all' }] }];
    const page = renderTable(sections, { implementations: [], tests: [{ id: 'GW-1', file: 'test/a.test.ts', name: 'GW-1 here' }, { id: 'GW-1', file: 'test-browser/b.test.ts', name: 'GW-1 there' }] }, 'docs');
    expect(page).toContain('GW-1 here ([a](../test/a.test.ts))<br>GW-1 there ([b](../test-browser/b.test.ts), in a browser)');
  });

  it('is each id of a range', () => {
    expect(idsIn('CON-1..4, MUL-7 and UTF-8')).toEqual(['CON-1', 'CON-2', 'CON-3', 'CON-4', 'MUL-7', 'UTF-8']);
  });
});

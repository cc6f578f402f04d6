import type { Check } from '../../bench/conformance/referee';
import { compare, scoreOf } from '../../bench/conformance/score';

const check = (status: Check['status'], id = 'c', scored = true): Check => ({ scenario: 's', id, status, scored });

describe('conformance score', () => {
  test('counts what passed and failed, the scored apart from the unscored', () => {
    const score = scoreOf([check('SUCCESS'), check('FAILURE', 'f'), check('INFO'), check('SKIPPED'), check('SUCCESS', 'u', false)]);
    expect(score).toMatchObject({ passed: 1, unscoredPassed: 1, unscoredFailed: [], warnings: [] });
    expect(score.failed.map(({ id }) => id)).toEqual(['f']);
  });

  test('a failure that is expected is not unexpected, and needs the right check', () => {
    const score = scoreOf([check('FAILURE', 'known'), check('FAILURE', 'new')]);
    expect(compare(score, ['s:known']).unexpected.map(({ id }) => id)).toEqual(['new']);
    expect(compare(score, ['other:known']).unexpected).toHaveLength(2);
  });

  test('an expected failure that passes is reported', () => {
    expect(compare(scoreOf([check('SUCCESS', 'fixed')]), ['s:fixed']).stale).toEqual(['s:fixed']);
  });
});

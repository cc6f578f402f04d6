import { BUILT_IN, readRecognisers, scannerOf, UnusableRecogniser } from '../../lambda/guard';
import { FAKES } from '../../bench/guard/fakes';
import { Random } from '../../training/random';

const scanner = scannerOf();
const ROUNDS = 40;

describe.each(BUILT_IN.flatMap(({ dataClass, recognisers }) => recognisers.map(({ id }) => [id, dataClass] as const)))('DLP-2 %s', (id, dataClass) => {
  const fakes = FAKES[id]!;
  const found = (text: string) => scanner.scan(text).filter((match) => match.dataClass === dataClass);

  it('finds what is made up with the right form and check digits', () => {
    const random = new Random(11);
    const missed = Array.from({ length: ROUNDS }, () => `The value ${fakes.positive(random)} was found.`).filter((text) => found(text).length === 0);
    // A random password may happen to have no digit and no symbol; nothing else may be missed.
    expect(missed.length).toBeLessThanOrEqual(/^(?:password|token)-assignment$|connection/.test(id) ? 3 : 0);
  });

  it('leaves alone what only looks like it', () => {
    const random = new Random(12);
    const wrong = Array.from({ length: ROUNDS }, () => `The value ${fakes.nearMiss(random)} was found.`).filter((text) => found(text).length > 0);
    // One number in ten satisfies the check digit of another kind by chance.
    expect(wrong.length).toBeLessThanOrEqual(dataClass === 'secret' ? 0 : 4);
  });
});

describe('where data stand', () => {
  it('DLP-2 takes the name of a member for context', () => {
    expect(scanner.scan('536904399')).toEqual([]);
    expect(scanner.scan('536904399', { name: 'socialSecurityNumber' })).toMatchObject([{ recogniser: 'us-ssn-unformatted', start: 0, end: 9 }]);
  });

  it('DLP-2 removes the value of an assignment and leaves its name', () => {
    const text = 'DB_PASSWORD=hunter2!x # of the database';
    const [match] = scanner.scan(text);
    expect(text.slice(match!.start, match!.end)).toBe('hunter2!x');
  });

  it('DLP-2 calls what is two things the graver one', () => {
    expect(scanner.scan('postgres://app:Sup3rS3cret@db.example.com/x').map(({ dataClass }) => dataClass)).toEqual(['secret']);
  });
});

describe('recognisers of one\'s own', () => {
  const file = (recogniser: object) => ({ dataClass: 'custom', recognisers: [{ id: 'employee-id', anchors: ['EMP-'], pattern: 'EMP-\\d{6}', ...recogniser }] });

  it('finds what a data file describes', () => {
    const own = scannerOf([readRecognisers(file({}))]);
    expect(own.scan('ask EMP-123456 about it')).toEqual([{ recogniser: 'employee-id', dataClass: 'custom', start: 4, end: 14 }]);
  });

  it.each([
    ['a pattern that backtracks', { pattern: '(a{1,9}){1,9}\\1' }, /linear time/],
    ['an open repetition', { pattern: 'EMP-\\d+' }, /bound every repetition/],
    ['a check that nobody knows', { check: 'magic' }, /"check" must be one of/],
    ['no anchor', { anchors: [] }, /"anchors"/],
    ['an id that no log should hold', { id: 'a b' }, /"id"/],
  ])('refuses %s, and says what was expected', (_name, recogniser, message) => {
    expect(() => readRecognisers(file(recogniser))).toThrow(UnusableRecogniser);
    expect(() => readRecognisers(file(recogniser))).toThrow(message);
  });
});

import fc from 'fast-check';
import { generateSchema, schemaBytes, splitByServer, STORE_QUOTA } from '../../lambda/authorization';
import { tool } from './fixtures';

const server = (name: string, tools: number) => ({ name, tools: Array.from({ length: tools }, (_, index) => tool(`tool-${index}`, { path: { type: 'string' } })) });

describe('splitByServer', () => {
  it('keeps together what fits into one policy store', () => {
    const servers = [server('a', 40), server('b', 40)];
    expect(splitByServer(servers)).toEqual([servers]);
  });

  it('gives each server that is too large alone a group of its own', () => {
    const names = splitByServer([server('a', 20), server('b', 400), server('c', 20)]).map((group) => group.map(({ name }) => name));
    expect(names).toEqual([['a'], ['b'], ['c']]);
  });

  it('loses no server, changes no order, and makes groups that fit, where that can be', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 8 }), (sizes) => {
        const servers = sizes.map((size, index) => server(`s${index}`, size));
        const groups = splitByServer(servers);
        expect(groups.flat()).toEqual(servers);
        for (const group of groups) {
          if (group.length > 1) expect(schemaBytes(generateSchema(group).schema)).toBeLessThanOrEqual(STORE_QUOTA.schemaBytes);
        }
      }),
      { numRuns: 25 },
    );
  });
});

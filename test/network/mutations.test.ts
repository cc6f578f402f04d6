import { compareMatrices } from '../../network';
import { fixture, matrixOf } from './load';
import { MUTATIONS } from './mutations';

describe('NET-1 every weakening of a zone shows', () => {
  const before = matrixOf(fixture('zone.yaml').files);

  it('there are at least forty of them', () => expect(MUTATIONS.length).toBeGreaterThanOrEqual(40));

  it.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))('%s', (_, mutation) => {
    const { files, resources } = fixture('zone.yaml');
    mutation.apply(resources);
    const opened = compareMatrices(before, matrixOf(files)).filter(({ opens }) => opens);
    expect(opened).not.toEqual([]);
  });

  it('nothing shows where nothing was weakened', () => {
    expect(compareMatrices(before, matrixOf(fixture('zone.yaml').files))).toEqual([]);
  });
});

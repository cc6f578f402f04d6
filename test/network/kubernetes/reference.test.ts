import { DECLARED_BLOCK, referenceManifests } from '../../../cluster/reference';
import { compareMatrices, findBreaches, parseDenial, type Manifest } from '../../../network';
import { cellOf } from '../load';
import { matrixOfManifests } from './load';
import { MUTATIONS } from './mutations';

const fresh = () => structuredClone(referenceManifests('none')) as unknown as Manifest[];

describe.each(['none', 'ambient'] as const)('NET-2 MUL-5 the manifests of a cluster (mesh: %s)', (mesh) => {
  const matrix = matrixOfManifests(referenceManifests(mesh) as unknown as Manifest[]);
  const port = mesh === 'none' ? 8080 : 15_008;

  it.each(['servers -> internet', 'servers -> servers', 'servers -> gateways', 'neighbours -> servers', 'internet -> *', 'servers -> metadata-service'])('%s is closed', (denial) => {
    const text = denial.replace('metadata-service', 'metadata service');
    expect(findBreaches(matrix, parseDenial(text)).map(({ from, to }) => `${from.name} -> ${to.label}`)).toEqual([]);
  });

  it.each(['files', 'web', 'code'])('the gateway reaches %s on its port only', (name) => {
    expect(cellOf(matrix, 'mcp-gateway/gateway', `mcp-${name}/${name}`)).toMatchObject({ verdict: 'limited', allows: [`tcp ${port}`] });
  });

  it('a server reaches what it declared, and nobody else does', () => {
    expect(cellOf(matrix, 'mcp-web/web', 'declared')).toMatchObject({ verdict: 'limited', allows: [`${DECLARED_BLOCK}: tcp 443`] });
    expect(cellOf(matrix, 'mcp-files/files', 'declared').verdict).toBe('closed');
  });

  it('only who has a role reaches the agent that hands out credentials', () => {
    expect(cellOf(matrix, 'mcp-web/web', 'pod-identity').allows).toEqual(['tcp 80']);
    expect(cellOf(matrix, 'mcp-files/files', 'pod-identity').verdict).toBe('closed');
  });

  it('only the gateway\'s clients reach it', () => {
    expect(cellOf(matrix, 'pods of ingress', 'mcp-gateway/gateway')).toMatchObject({ verdict: 'limited' });
    expect(cellOf(matrix, 'pods of another namespace', 'mcp-gateway/gateway').verdict).toBe('closed');
    expect(cellOf(matrix, 'pods of kube-system', 'mcp-gateway/gateway').verdict).toBe('closed');
  });

  it('a pod that somebody adds to the namespace of a server reaches nothing, and nothing it', () => {
    const cells = matrix.cells.filter(({ from, to }) => [from.name, to.label].includes('mcp-files/(another pod)') && to.id !== 'node');
    expect(cells.filter(({ verdict }) => verdict !== 'closed')).toEqual([]);
  });
});

describe('NET-2 MUL-5 every weakening of the manifests shows', () => {
  const before = matrixOfManifests(fresh());

  it('there are at least forty of them', () => expect(MUTATIONS.length).toBeGreaterThanOrEqual(40));

  it.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))('%s', (_, mutation) => {
    const manifests = fresh();
    mutation.given?.(manifests);
    const was = mutation.given ? matrixOfManifests(manifests) : before;
    mutation.apply(manifests);
    expect(compareMatrices(was, matrixOfManifests(manifests)).filter(({ opens }) => opens)).not.toEqual([]);
  });

  it('nothing shows where nothing was weakened', () => {
    expect(compareMatrices(before, matrixOfManifests(fresh()))).toEqual([]);
  });
});

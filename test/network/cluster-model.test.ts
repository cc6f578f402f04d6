import type { Matrix } from '../../network';
import { matrixOf, templatesOfModel, type Resources } from './load';

/** The reference cluster, with its control plane as an interface: which pods it has no template knows. */
let matrix: Matrix;
beforeAll(() => {
  const files = templatesOfModel('cluster');
  for (const { body } of files) {
    const resources = body.Resources as unknown as Resources;
    for (const [id, { Type, Properties, ...more }] of Object.entries(resources)) {
      if (Type !== 'AWS::EKS::Cluster') continue;
      const { SecurityGroupIds: GroupSet, SubnetIds: [SubnetId] } = Properties.ResourcesVpcConfig;
      resources[id] = { ...more, Type: 'AWS::EC2::NetworkInterface', Properties: { GroupSet, SubnetId } };
    }
  }
  matrix = matrixOf(files);
});

const reachedFrom = (party: string) => matrix.cells.filter(({ from, verdict }) => from.name.endsWith(party) && verdict !== 'closed').map(({ to: { label }, verdict }) => `${label}: ${verdict}`);
const whoReaches = (party: string) => matrix.cells.filter(({ to, verdict }) => to.label.endsWith(party) && verdict !== 'closed').map(({ from }) => from.name);

test('NET-1 IR-2 what reaches the cluster for the response reaches its control plane, looks up declared names, and nothing else', () => {
  expect(reachedFrom('Mcp/ClusterResponder/Function')).toEqual([expect.stringMatching(/^DNS, allowed names.*: limited$/), 'Mcp/Cluster: limited']);
  expect(whoReaches('Mcp/ClusterResponder/Function')).toEqual([]);
});

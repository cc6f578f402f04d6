import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { addModel } from '../../bin/models';
import { loadTemplates, type Matrix } from '../../network';
import { matrixOf, type Resources } from './load';

/** The reference cluster, as `cdk synth -c model=cluster` writes it, with its control plane as an interface: which pods it has no template knows. */
let matrix: Matrix;
const outdir = mkdtempSync(join(tmpdir(), 'cluster-model-'));
beforeAll(() => {
  const { context } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'cdk.json'), 'utf8'));
  const app = new App({ outdir, context: { ...context, 'aws:cdk:enable-path-metadata': true, model: 'cluster', egress: 'api.example.com' } });
  addModel(app);
  app.synth();
  const files = loadTemplates(outdir);
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
afterAll(() => rmSync(outdir, { recursive: true }));

const reachedFrom = (party: string) => matrix.cells.filter(({ from, verdict }) => from.name.endsWith(party) && verdict !== 'closed').map(({ to: { label }, verdict }) => `${label}: ${verdict}`);
const whoReaches = (party: string) => matrix.cells.filter(({ to, verdict }) => to.label.endsWith(party) && verdict !== 'closed').map(({ from }) => from.name);

test('NET-1 IR-2 what reaches the cluster for the response reaches its control plane, looks up declared names, and nothing else', () => {
  expect(reachedFrom('Mcp/ClusterResponder/Function')).toEqual([expect.stringMatching(/^DNS, allowed names.*: limited$/), 'Mcp/Cluster: limited']);
  expect(whoReaches('Mcp/ClusterResponder/Function')).toEqual([]);
});

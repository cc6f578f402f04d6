import { podsOf } from '../../cluster/pods';
import { referenceManifests } from '../../cluster/reference';
import { changed, OBJECT_WEAKENINGS, POD_WEAKENINGS } from '../../cluster/weakenings';
import { compareMatrices, type Manifest } from '../../network';
import { matrixOfManifests } from '../network/kubernetes/load';
import { refusals } from './manifests/admission';
import { clone } from './manifests/cluster';

const manifests = referenceManifests('ambient') as any[];
const resources: Readonly<Record<string, string>> = { Service: 'services', NetworkPolicy: 'networkpolicies', Namespace: 'namespaces' };

/** Everything that admission says of objects that are weaker, from whichever namespace. */
const said = [
  ...podsOf(manifests).flatMap((pod) => POD_WEAKENINGS.flatMap(({ changes }) => refusals(manifests, { operation: 'CREATE', resource: 'pods', object: clone(changed(pod, changes)) }))),
  ...OBJECT_WEAKENINGS.flatMap(({ kind, changes }) => refusals(manifests, { operation: 'CREATE', resource: resources[kind]!, object: clone(changed(manifests.find((object) => object.kind === kind && (object.metadata.namespace ?? object.metadata.name) === 'mcp-files'), changes)) })),
];
/** What only comes to a pod that runs. */
const debugged = podsOf(manifests).flatMap((pod) => refusals(manifests, { operation: 'UPDATE', resource: 'pods/ephemeralcontainers', object: clone(changed(pod, [['spec.ephemeralContainers', pod.spec.containers]])) }));
const rules = manifests.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy').flatMap(({ metadata, spec }) => spec.validations.map(({ message }: any) => [metadata.name, message] as const));

describe('every rule of the manifests refuses something', () => {
  it.each(rules as [string, string][])('the policy %s: %s', (_policy, message) => {
    expect([...said, ...debugged]).toContain(message);
  });

  it.each(podsOf(manifests).map((pod) => [pod.metadata.namespace!, pod] as const))('and nothing that the manifests themselves make: the pod of %s', (_namespace, pod) => {
    expect(refusals(manifests, { operation: 'CREATE', resource: 'pods', object: clone(pod) })).toEqual([]);
  });

  it.each(POD_WEAKENINGS.map((weakening) => [weakening.control, weakening.name, weakening] as const))('%s refuses a pod: %s', (control, _name, { changes, server = 'files' }) => {
    const pod = podsOf(manifests).find(({ metadata }) => metadata.namespace === `mcp-${server}`)!;
    expect(refusals(manifests, { operation: 'CREATE', resource: 'pods', object: clone(changed(pod, changes)) }).some((message) => message.split(':')[0]!.includes(control))).toBe(true);
  });

  const walls = referenceManifests('none') as unknown as Manifest[];
  const whole = matrixOfManifests(walls);
  const denials = walls.filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata?.name === 'default-deny').map((wall) => [`${wall.metadata?.namespace}/${wall.metadata?.name}`, wall] as const);
  const allowances = walls.filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata?.name !== 'default-deny').map((wall) => [`${wall.metadata?.namespace}/${wall.metadata?.name}`, wall] as const);

  it.each(denials)('MUL-5 packets get through without the NetworkPolicy %s', (_name, wall) => {
    expect(compareMatrices(whole, matrixOfManifests(walls.filter((object) => object !== wall))).some(({ opens }) => opens)).toBe(true);
  });

  it.each(allowances)('MUL-5 and nothing is allowed that nobody needs: %s', (_name, wall) => {
    expect(compareMatrices(whole, matrixOfManifests(walls.filter((object) => object !== wall)))).not.toEqual([]);
  });
});

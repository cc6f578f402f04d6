import { podsOf } from '../../cluster/pods';
import { referenceManifests, RESPONDERS } from '../../cluster/reference';
import { isolationOf, RESPONDER_EXCESSES } from '../../cluster/responders';
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
/** What the response to incidents may not write. */
const responded = RESPONDER_EXCESSES.flatMap(({ object, oldObject }) => refusals(manifests, { operation: oldObject ? 'UPDATE' : 'CREATE', resource: 'networkpolicies', object: clone(object), oldObject: oldObject && clone(oldObject), groups: [RESPONDERS] }));
const rules = manifests.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy').flatMap(({ metadata, spec }) => spec.validations.map(({ message }: any) => [metadata.name, message] as const));

describe('every rule of the manifests refuses something', () => {
  it.each(rules as [string, string][])('the policy %s: %s', (_policy, message) => {
    expect([...said, ...debugged, ...responded]).toContain(message);
  });

  it.each(podsOf(manifests).map((pod) => [pod.metadata.namespace!, pod] as const))('and nothing that the manifests themselves make: the pod of %s', (_namespace, pod) => {
    expect(refusals(manifests, { operation: 'CREATE', resource: 'pods', object: clone(pod) })).toEqual([]);
  });

  it.each(POD_WEAKENINGS.map((weakening) => [weakening.control, weakening.name, weakening] as const))('%s refuses a pod: %s', (control, _name, { changes, server = 'files' }) => {
    const pod = podsOf(manifests).find(({ metadata }) => metadata.namespace === `mcp-${server}`)!;
    expect(refusals(manifests, { operation: 'CREATE', resource: 'pods', object: clone(changed(pod, changes)) }).some((message) => message.split(':')[0]!.includes(control))).toBe(true);
  });

  it.each(RESPONDER_EXCESSES.map((excess) => [excess.name, excess] as const))('IR-2 the response to incidents cannot write %s; whoever administers the cluster can', (_name, { object, oldObject }) => {
    const asked = { operation: oldObject ? 'UPDATE' : 'CREATE', resource: 'networkpolicies', object: clone(object), oldObject: oldObject && clone(oldObject) } as const;
    expect(refusals(manifests, { ...asked, groups: [RESPONDERS] }).join()).toContain('IR-2');
    expect(refusals(manifests, asked).join()).not.toContain('IR-2');
  });

  it('IR-2 what the response does to cut a server off is admitted, and to give it back', () => {
    const [policy, cutOff] = isolationOf('mcp-files', 'files', manifests);
    const ask = (object: object, oldObject?: object) => refusals(manifests, { operation: oldObject ? 'UPDATE' : 'CREATE', resource: 'networkpolicies', object: clone(object as any), oldObject: oldObject && clone(oldObject as any), groups: [RESPONDERS] });
    expect([ask(cutOff.policy), ask(cutOff.policy, cutOff.policy), ask(cutOff.exempted, policy), ask(policy, cutOff.exempted)]).toEqual([[], [], [], []]);
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

import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { EnableSecurityHubCommand, SecurityHubClient } from '@aws-sdk/client-securityhub';
import { mockClient } from 'aws-sdk-client-mock';
import { createSignedCall } from '../../lambda/deployment/aws-signed-call';
import { createThreatServices, ensureThreatServices, type CallService, type ThreatServicesWanted } from '../../lambda/deployment/aws-threat-services';

const hub = mockClient(SecurityHubClient);
beforeEach(() => {
  hub.reset();
  hub.on(EnableSecurityHubCommand).resolves({});
});

const WANTED: ThreatServicesWanted = {
  guardDuty: { features: [{ name: 'S3_DATA_EVENTS' }, { name: 'RUNTIME_MONITORING', additionalConfiguration: ['EKS_ADDON_MANAGEMENT'] }] },
  securityHub: true,
  inspector: ['ECR', 'LAMBDA'],
};

type Answer = { readonly status: number; readonly body?: object };

/** An account as GuardDuty and Inspector show it. */
function account(answers: Readonly<Record<string, Answer | ((body: any) => Answer)>>) {
  const calls: (readonly [string, any])[] = [];
  const call: CallService = async (service, method, path, body) => {
    const name = `${service} ${method} ${path}`;
    calls.push([name, body]);
    const answer = answers[name] ?? { status: 200 };
    const { status, body: answered = {} } = typeof answer === 'function' ? answer(body) : answer;
    return { status, body: answered as Record<string, unknown> };
  };
  return { calls, ensure: (wanted = WANTED) => ensureThreatServices(wanted, call, new SecurityHubClient({ region: 'local' })) };
}

const LIST = 'guardduty GET /detector';
const CREATE = 'guardduty POST /detector';
const ON: Answer = { status: 200, body: { status: 'ENABLED', features: [] } };

describe('the services that watch an account', () => {
  it('HOST-0 are switched on in an account that has none of them', async () => {
    const { calls, ensure } = account({ [LIST]: { status: 200, body: { detectorIds: [] } }, [CREATE]: { status: 200, body: { detectorId: 'd1' } }, 'guardduty GET /detector/d1': { status: 200, body: { status: 'ENABLED', features: [] } } });
    expect(await ensure()).toEqual({ DetectorId: 'd1', GuardDuty: 'created', PlansLeftOff: 'none', SecurityHub: 'enabled', Inspector: 'enabled' });
    expect(calls.filter(([name]) => name === 'guardduty POST /detector/d1').map(([, { features }]) => features)).toEqual([
      [{ name: 'S3_DATA_EVENTS', status: 'ENABLED' }],
      [{ name: 'RUNTIME_MONITORING', status: 'ENABLED', additionalConfiguration: [{ name: 'EKS_ADDON_MANAGEMENT', status: 'ENABLED' }] }],
    ]);
    expect(calls.at(-1)).toEqual(['inspector2 POST /enable', { resourceTypes: ['ECR', 'LAMBDA'] }]);
  });

  it('HOST-0 an account that has a detector and a hub keeps them, and gets what is missing only', async () => {
    hub.on(EnableSecurityHubCommand).rejects(Object.assign(new Error('already'), { name: 'ResourceConflictException' }));
    const { calls, ensure } = account({ [LIST]: { status: 200, body: { detectorIds: ['d7'] } }, 'guardduty GET /detector/d7': { status: 200, body: { status: 'ENABLED', features: [{ name: 'S3_DATA_EVENTS', status: 'ENABLED' }, { name: 'RUNTIME_MONITORING', status: 'ENABLED', additionalConfiguration: [{ name: 'EKS_ADDON_MANAGEMENT', status: 'DISABLED' }] }] } } });
    expect(await ensure()).toMatchObject({ DetectorId: 'd7', GuardDuty: 'existing', PlansLeftOff: 'none', SecurityHub: 'existing' });
    expect(calls.map(([name]) => name)).not.toContain(CREATE);
    expect(calls.filter(([name]) => name === 'guardduty POST /detector/d7')).toHaveLength(1);
  });

  it('HOST-0 what the administrator of an organization decides is left to the administrator, and said', async () => {
    hub.on(EnableSecurityHubCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
    const { ensure } = account({ [LIST]: { status: 200, body: { detectorIds: ['d7'] } }, 'guardduty GET /detector/d7': ON, 'guardduty POST /detector/d7': { status: 400 }, 'inspector2 POST /enable': { status: 403 } });
    expect(await ensure()).toEqual({ DetectorId: 'd7', GuardDuty: 'existing', PlansLeftOff: 'S3_DATA_EVENTS RUNTIME_MONITORING SecurityHub Inspector', SecurityHub: 'left to the administrator', Inspector: 'left to the administrator' });
  });

  it('HOST-0 a detector that is named is not looked for, and what is not wanted is not asked', async () => {
    const { calls, ensure } = account({ 'guardduty GET /detector/d9': ON });
    expect(await ensure({ guardDuty: { detectorId: 'd9', features: [] }, securityHub: false, inspector: [] })).toEqual({ DetectorId: 'd9', GuardDuty: 'existing', PlansLeftOff: 'none' });
    expect(calls.map(([name]) => name)).toEqual(['guardduty GET /detector/d9']);
    expect(await ensure({ securityHub: false, inspector: [] })).toEqual({ PlansLeftOff: 'none' });
    expect(hub.calls()).toEqual([]);
  });

  it('HOST-0 a detector that is suspended is switched on again, before its plans and where none is missing', async () => {
    const suspended = { [LIST]: { status: 200, body: { detectorIds: ['d7'] } }, 'guardduty GET /detector/d7': { status: 200, body: { status: 'DISABLED', features: [{ name: 'S3_DATA_EVENTS', status: 'ENABLED' }] } } };
    const { calls, ensure } = account(suspended);
    expect(await ensure({ guardDuty: { features: [{ name: 'S3_DATA_EVENTS' }] }, securityHub: false, inspector: [] })).toEqual({ DetectorId: 'd7', GuardDuty: 'existing', PlansLeftOff: 'none' });
    expect(calls.filter(([name]) => name === 'guardduty POST /detector/d7').map(([, body]) => body)).toEqual([{ enable: true }]);
    expect(await account({ ...suspended, 'guardduty POST /detector/d7': { status: 403 } }).ensure({ guardDuty: { features: [] }, securityHub: false, inspector: [] })).toMatchObject({ PlansLeftOff: 'DETECTOR' });
  });

  it.each<[string, string[], string]>([
    ['is on already', ['ALREADY_ENABLED'], 'existing'],
    ['is being switched on', ['ENABLE_IN_PROGRESS'], 'existing'],
    ['is refused by the organization', ['ACCESS_DENIED'], 'left to the administrator'],
    ['is kept from the account', ['ALREADY_ENABLED', 'ACCOUNT_IS_ISOLATED'], 'left to the administrator'],
  ])('HOST-0 Inspector that %s, which it says in an answer that looks like success, is not reported as switched on', async (_, codes, expected) => {
    const { ensure } = account({ 'inspector2 POST /enable': { status: 200, body: { failedAccounts: codes.map((errorCode) => ({ accountId: '123456789012', errorCode, errorMessage: 'no' })) } } });
    expect(await ensure({ securityHub: false, inspector: ['ECR'] })).toEqual({ Inspector: expected, PlansLeftOff: expected === 'existing' ? 'none' : 'Inspector' });
  });

  it.each<[string, Record<string, Answer>, string]>([
    ['the detectors cannot be listed', { [LIST]: { status: 403 } }, 'GuardDuty does not list its detectors (HTTP 403)'],
    ['no detector can be made', { [LIST]: { status: 200, body: { detectorIds: [] } }, [CREATE]: { status: 403 } }, 'GuardDuty cannot be switched on (HTTP 403)'],
    ['Inspector fails', { [LIST]: { status: 200, body: { detectorIds: ['d'] } }, 'inspector2 POST /enable': { status: 500 } }, 'Inspector cannot be switched on (HTTP 500)'],
    ['Inspector says that it failed', { [LIST]: { status: 200, body: { detectorIds: ['d'] } }, 'inspector2 POST /enable': { status: 200, body: { failedAccounts: [{ errorCode: 'ALREADY_ENABLED' }, { errorCode: 'SSM_THROTTLED' }] } } }, 'Inspector cannot be switched on: SSM_THROTTLED'],
  ])('HOST-0 a deployment fails, and says why, where %s', async (_, answers, message) => {
    await expect(account(answers).ensure()).rejects.toThrow(message);
  });
});

describe('the custom resource', () => {
  const event = (RequestType: string, Wanted?: string) => ({ RequestType, StackId: 's', RequestId: 'r', LogicalResourceId: 'Threats', ResponseURL: 'https://answer', ResourceProperties: { Wanted } }) as unknown as CloudFormationCustomResourceEvent;
  const answered = async (given: CloudFormationCustomResourceEvent, ensure = async () => ({ DetectorId: 'd1' }) as Record<string, string>) => {
    const bodies: any[] = [];
    await createThreatServices(ensure, () => undefined, async (_url, body) => void bodies.push(JSON.parse(body)))(given);
    return bodies[0];
  };

  it('answers with what came of it, and is one and the same for ever', async () => {
    expect(await answered(event('Create', JSON.stringify(WANTED)))).toEqual({ PhysicalResourceId: 'Threats-threat-services', StackId: 's', RequestId: 'r', LogicalResourceId: 'Threats', Status: 'SUCCESS', Data: { DetectorId: 'd1' } });
  });

  it('HOST-0 switches nothing off when it is deleted', async () => {
    const ensure = jest.fn();
    expect(await answered(event('Delete'), ensure)).toMatchObject({ Status: 'SUCCESS' });
    expect(ensure).not.toHaveBeenCalled();
  });

  it('fails with a sentence', async () => {
    expect(await answered(event('Update'))).toMatchObject({ Status: 'FAILED', Reason: 'the resource does not say what is wanted' });
  });
});

describe('the check of every day', () => {
  const checked = async (outcome: Record<string, string>) => {
    const lines: any[] = [];
    const asked: ThreatServicesWanted[] = [];
    await createThreatServices(async (wanted) => (asked.push(wanted), outcome), (line) => lines.push(JSON.parse(line)), async () => { throw new Error('nobody waits for an answer'); })({ Wanted: JSON.stringify(WANTED) });
    return { lines, asked };
  };

  it('HOST-0 asks for the same again, and counts what is left off', async () => {
    expect(await checked({ PlansLeftOff: 'DETECTOR SecurityHub' })).toEqual({ lines: [{ kind: 'threat_services', leftOff: 2, which: 'DETECTOR SecurityHub' }], asked: [WANTED] });
    expect((await checked({ PlansLeftOff: 'none' })).lines).toEqual([{ kind: 'threat_services', leftOff: 0, which: 'none' }]);
  });

  it('HOST-0 fails where a service cannot be asked, which is counted too', async () => {
    await expect(createThreatServices(async () => { throw new Error('GuardDuty does not list its detectors (HTTP 403)'); }, () => undefined)({ Wanted: JSON.stringify(WANTED) })).rejects.toThrow('does not list');
  });
});

test('calls of services without a client are signed for their service and region', async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' });
  const sent: [string, RequestInit][] = [];
  const call = createSignedCall('eu-west-1', 'amazonaws.com', (async (url: URL, init: RequestInit) => (sent.push([String(url), init]), new Response('{"detectorIds":["d"]}'))) as unknown as typeof fetch);
  expect(await call('guardduty', 'GET', '/detector')).toEqual({ status: 200, body: { detectorIds: ['d'] } });
  await call('inspector2', 'POST', '/enable', { resourceTypes: ['ECR'] });
  expect(sent.map(([url, { method, body }]) => [url, method, body])).toEqual([['https://guardduty.eu-west-1.amazonaws.com/detector', 'GET', undefined], ['https://inspector2.eu-west-1.amazonaws.com/enable', 'POST', '{"resourceTypes":["ECR"]}']]);
  expect((sent[0]![1].headers as Record<string, string>).authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/guardduty\/aws4_request/);
});

import { DescribeTasksCommand, ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { createAskAws } from '../../lambda/deployment/aws-asked-services';
import { evidenceSources } from '../../lambda/deployment/aws-response';
import { createEvidenceExecutor, type Incident, type KubernetesApi, type WorkloadSubject } from '../../lambda/response';
import { accountEvents, auditEvents, createPlaces, type AskAws } from '../../lambda/response/executors/aws-evidence';
import { ECS, incident } from './fixtures';

const PODS: WorkloadSubject = { kind: 'workload', platform: 'kubernetes', cluster: 'mcp', namespace: 'mcp-files', deployment: 'files' };
const AT = Date.parse('2026-11-22T12:00:00Z');

const ecs = mockClient(ECSClient);
const client = new ECSClient({ region: 'eu-west-1' });
beforeEach(() => {
  ecs.reset();
  ecs.on(ListTasksCommand).resolves({ taskArns: ['arn:aws:ecs:eu-west-1:123456789012:task/zone/0a1b'] });
  ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn: 'arn:aws:ecs:eu-west-1:123456789012:task/zone/0a1b', attachments: [{ type: 'ElasticNetworkInterface', details: [{ name: 'subnetId', value: 'subnet-1' }, { name: 'networkInterfaceId', value: 'eni-0a1b' }] }] }] });
});

/** An account with one node of the cluster, and lines of logs at certain moments. */
class Account implements AskAws {
  readonly asked: (readonly [string, Record<string, any>])[] = [];
  readonly snapshots: string[] = [];
  lines: readonly { readonly timestamp: number; readonly message: string }[] = [];
  broken: string | undefined;

  async json(service: string, operation: string, body: Record<string, any>) {
    this.note(`${service}:${operation}`, body);
    if (operation === 'LookupEvents') return { Events: [{ EventName: 'AssumeRole' }] };
    const found = this.lines.filter(({ timestamp }) => timestamp >= body.startTime && timestamp <= body.endTime);
    // One line a page.
    const at = Number(body.nextToken ?? 0);
    return { events: found.slice(at, at + 1), ...(found.length > at + 1 ? { nextToken: String(at + 1) } : {}) };
  }

  async ec2(operation: string, parameters: Record<string, string>) {
    this.note(`ec2:${operation}`, parameters);
    switch (operation) {
      case 'DescribeInstances':
        return '<item><instanceId>i-0f1e</instanceId></item><item><instanceId>i-0f1e</instanceId></item>';
      case 'DescribeNetworkInterfaces':
        return '<item><networkInterfaceId>eni-0a1b</networkInterfaceId><groupSet><item><groupId>sg-0c0d</groupId></item></groupSet></item>';
      case 'CreateSnapshots':
        this.snapshots.push('snap-0001', 'snap-0002');
    }
    return this.snapshots.map((id) => `<snapshotId>${id}</snapshotId>`).join('');
  }

  of(operation: string) {
    return this.asked.filter(([name]) => name === operation).map(([, what]) => what);
  }

  private note(operation: string, what: Record<string, any>): void {
    this.asked.push([operation, what]);
    if (this.broken === operation) throw Object.assign(new Error('no'), { name: 'AccessDenied' });
  }
}

const kubernetes = { get: async () => ({ items: [{ status: { hostIP: '10.80.1.5' } }, { status: { hostIP: '10.80.1.5' } }, { status: {} }] }) } as unknown as KubernetesApi;
const SETTINGS = { bucket: 'evidence', region: 'eu-west-1', urlSuffix: 'amazonaws.com', auditLogs: ['/gateway'], lines: { files: { logGroup: '/pods', filterPattern: '{ $.kubernetes.namespace_name = "mcp-files" }' }, crm: { logGroup: '/crm' } }, diskLockDays: 365 };
const ESTATE = { workloads: { files: [PODS], crm: [ECS] } };

async function kept(account: Account, about: Incident, workloads: readonly WorkloadSubject[]) {
  const files: Record<string, any> = {};
  const executor = createEvidenceExecutor({
    store: { keep: async (id, name, content) => ((files[name] = content), `s3://evidence/incidents/${id}/${name}`) },
    sources: evidenceSources(SETTINGS, ESTATE, account, client, kubernetes),
  });
  const action = { kind: 'preserve_evidence', workloads } as const;
  const said = await executor.apply(action, await executor.observe(action), { incident: about, actions: [], by: 'incident-response', why: 'x' });
  return { files, said };
}

const compromise = () => incident('server_compromise');

describe('the evidence of a service on AWS Fargate', () => {
  test('IR-2 is its network interfaces and security groups, what its tasks did in the account, its lines and the audit events', async () => {
    const account = new Account();
    const { files, said } = await kept(account, compromise(), [ECS]);
    expect(Object.keys(files).sort()).toEqual(['account-1.json', 'audit-events-1.json', 'incident.json', 'lines-1.json', 'network-1.json']);
    expect(files['network-1.json']).toMatchObject({ interfaces: expect.stringContaining('sg-0c0d'), securityGroups: expect.any(String) });
    expect(account.of('ec2:DescribeNetworkInterfaces')).toEqual([{ 'Filter.1.Name': 'network-interface-id', 'Filter.1.Value.1': 'eni-0a1b' }]);
    expect(account.of('ec2:DescribeSecurityGroups')).toEqual([{ 'Filter.1.Name': 'group-id', 'Filter.1.Value.1': 'sg-0c0d' }]);
    // A session of a task's role has the id of the task for its name.
    expect(account.of('cloudtrail:LookupEvents')).toEqual([expect.objectContaining({ LookupAttributes: [{ AttributeKey: 'Username', AttributeValue: '0a1b' }] })]);
    expect(account.of('logs:FilterLogEvents').map(({ logGroupName }) => logGroupName)).toEqual(expect.arrayContaining(['/crm', '/gateway']));
    expect(said).toMatch(/^5 files are kept in s3:\/\/evidence\/incidents\/inc-[0-9a-f]{16}$/);
  });

  test('IR-2 has no copy of a disk: there is none', async () => {
    const account = new Account();
    await kept(account, compromise(), [ECS]);
    expect(account.of('ec2:CreateSnapshots')).toEqual([]);
  });

  test('what cannot be read is said, and keeps nothing else from being kept', async () => {
    const account = new Account();
    account.broken = 'cloudtrail:LookupEvents';
    const { files, said } = await kept(account, compromise(), [ECS]);
    expect(files['account-1.json']).toBeUndefined();
    expect(said).toMatch(/^4 files are kept in \S+; account-1\.json could not be read \(AccessDenied\)$/);
  });
});

test('IR-2 a service that never answers does not hold up what cuts a workload off', async () => {
  const executor = createEvidenceExecutor({
    store: { keep: async (id, name) => `evidence/${id}/${name}` },
    sources: [() => [{ name: 'never.json', read: () => new Promise(() => {}) }]],
    limitMs: 1,
  });
  const action = { kind: 'preserve_evidence', workloads: [] } as const;
  expect(await executor.apply(action, await executor.observe(action), { incident: compromise(), actions: [], by: 'incident-response', why: 'x' })).toMatch(/^1 files are kept in \S+; never\.json could not be read \(TooSlow\)$/);
});

describe('the evidence of a Deployment', () => {
  test('IR-2 LOG-4 is the disks of its nodes too, copied once for an incident and locked for as long as other evidence', async () => {
    const account = new Account();
    const about = compromise();
    const { files } = await kept(account, about, [PODS]);
    expect(account.of('ec2:DescribeInstances')).toContainEqual({ 'Filter.1.Name': 'private-ip-address', 'Filter.1.Value.1': '10.80.1.5', 'Filter.2.Name': 'tag:eks:cluster-name', 'Filter.2.Value.1': 'mcp' });
    expect(files['disks-1.json']).toEqual({ nodes: [{ instance: 'i-0f1e', snapshots: [{ id: 'snap-0001', lock: 'for 365 days' }, { id: 'snap-0002', lock: 'for 365 days' }] }] });
    expect(account.of('ec2:LockSnapshot')).toEqual(['snap-0001', 'snap-0002'].map((SnapshotId) => ({ SnapshotId, LockMode: 'compliance', LockDuration: '365' })));
    await kept(account, about, [PODS]);
    expect(account.of('ec2:CreateSnapshots')).toEqual([expect.objectContaining({ 'InstanceSpecification.InstanceId': 'i-0f1e', 'TagSpecification.1.Tag.1.Key': 'mcp-zero-trust:incident', 'TagSpecification.1.Tag.1.Value': about.id })]);
  });

  test('IR-2 names a copy that could not be locked', async () => {
    const account = new Account();
    account.broken = 'ec2:LockSnapshot';
    expect((await kept(account, compromise(), [PODS])).files['disks-1.json'].nodes[0].snapshots[0]).toEqual({ id: 'snap-0001', lock: 'not locked (AccessDenied)' });
  });

  test('IR-2 copies no disk for less than a compromise of the server', async () => {
    const account = new Account();
    const { files } = await kept(account, incident('denial_of_service'), [PODS]);
    expect(account.of('ec2:CreateSnapshots')).toEqual([]);
    expect(Object.keys(files)).not.toContain('disks-1.json');
  });

  test('IR-2 is of its own namespace in what all containers write, and of who changed its cluster', async () => {
    const account = new Account();
    await kept(account, compromise(), [PODS]);
    expect(account.of('logs:FilterLogEvents')).toContainEqual(expect.objectContaining({ logGroupName: '/pods', filterPattern: '{ $.kubernetes.namespace_name = "mcp-files" }' }));
    expect(account.of('cloudtrail:LookupEvents')).toEqual([expect.objectContaining({ LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: 'mcp' }] })]);
  });
});

describe('the last audit events', () => {
  const read = async (account: Account, now: number) => {
    const [part] = auditEvents(['/gateway'], { ask: account, clock: () => now })({ ...compromise(), at: new Date(AT).toISOString(), evidence: [] }, []);
    return (await part!.read()) as any;
  };
  const at = (minutes: number, message = `at ${minutes}`) => ({ timestamp: AT + minutes * 60_000, message });

  test('LOG-1 are those of a quarter of an hour before and all since, in order, as they were written', async () => {
    const account = new Account();
    account.lines = [at(-20), at(-14), at(-3), at(-3, 'second'), at(1)];
    const { lines, complete, from, to } = await read(account, AT + 2 * 60_000);
    expect(lines.map(({ message }: any) => message)).toEqual(['at -14', 'at -3', 'second', 'at 1']);
    expect({ complete, from, to }).toEqual({ complete: true, from: '2026-11-22T11:45:00.000Z', to: '2026-11-22T12:02:00.000Z' });
    expect(account.of('logs:FilterLogEvents')[0]).toMatchObject({ filterPattern: '{ $.chain.writer = "*" }' });
  });

  test('LOG-1 are bounded, the newest are kept, and it is said that older ones are not there', async () => {
    const account = new Account();
    account.lines = [...Array(40).keys()].map((index) => at(-14 + index / 100)).concat(at(1));
    const { lines, complete } = await read(account, AT + 2 * 60_000);
    expect(complete).toBe(false);
    expect(lines.at(-1).message).toBe('at 1');
    expect(account.of('logs:FilterLogEvents').length).toBeLessThanOrEqual(20);
  });
});

test('CloudTrail is asked no faster than it answers', async () => {
  const account = new Account();
  const pauses: number[] = [];
  const tasks = ['a', 'b', 'c', 'd', 'e', 'f'];
  const places = { ...createPlaces(account, client, undefined), tasksOf: async () => tasks };
  const [part] = accountEvents({ ask: account, places, wait: async (ms) => void pauses.push(ms), clock: () => AT })(compromise(), [ECS]);
  await part!.read();
  expect(account.of('cloudtrail:LookupEvents')).toHaveLength(4);
  expect(pauses).toEqual([600, 600, 600]);
});

describe('services that are asked without a client', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: undefined };
  const before = Object.fromEntries(Object.keys(keys).map((name) => [name, process.env[name]]));
  const set = (values: Record<string, string | undefined>) => {
    for (const [name, value] of Object.entries(values)) if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  beforeAll(() => set(keys));
  afterAll(() => set(before));

  const answering = (status: number, body: string) => {
    const sent: { url: string; init: RequestInit }[] = [];
    return { sent, send: (async (url: URL, init: RequestInit) => (sent.push({ url: url.href, init }), new Response(body, { status }))) as typeof fetch };
  };

  test('get signed requests in their own protocols', async () => {
    const { sent, send } = answering(200, '{"events":[]}');
    const ask = createAskAws('eu-west-1', 'amazonaws.com', send);
    expect(await ask.json('logs', 'FilterLogEvents', { logGroupName: '/gateway' })).toEqual({ events: [] });
    await ask.ec2('LockSnapshot', { SnapshotId: 'snap-0001', LockMode: 'compliance' });
    expect(sent.map(({ url }) => url)).toEqual(['https://logs.eu-west-1.amazonaws.com/', 'https://ec2.eu-west-1.amazonaws.com/']);
    expect(sent[0]!.init.headers).toMatchObject({ 'x-amz-target': 'Logs_20140328.FilterLogEvents', authorization: expect.stringContaining('/eu-west-1/logs/aws4_request') });
    expect(sent[1]!.init.body).toBe('Action=LockSnapshot&Version=2016-11-15&SnapshotId=snap-0001&LockMode=compliance');
  });

  test.each([
    ['<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>arn:secret</Message></Error></Errors></Response>', 'UnauthorizedOperation'],
    ['{"__type":"com.amazonaws.cloudtrail#InvalidLookupAttributesException","message":"arn:secret"}', 'InvalidLookupAttributesException'],
    ['{"__type":"ThrottlingException"}', 'ThrottlingException'],
    ['nothing that anybody knows', 'Status400'],
  ])('say by the name of the error what went wrong: %s', async (body, name) => {
    const { send } = answering(400, body);
    const error: Error = await createAskAws('eu-west-1', 'amazonaws.com', send).ec2('DescribeInstances', {}).catch((reason) => reason);
    expect(error.name).toBe(name);
    expect(error.message).not.toContain('secret');
  });
});

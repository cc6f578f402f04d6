import { DescribeServicesCommand, DescribeTaskDefinitionCommand, DescribeTasksCommand, ECSClient, ListTasksCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { GetIPSetCommand, UpdateIPSetCommand, WAFOptimisticLockException, WAFV2Client } from '@aws-sdk/client-wafv2';
import { mockClient } from 'aws-sdk-client-mock';
import { createEcsIsolation, createEcsStop, describeEcsWorkload } from '../../lambda/response/executors/aws-ecs';
import { clusterToken } from '../../lambda/response/executors/aws-eks-api';
import { createEvidenceBucket } from '../../lambda/response/executors/aws-evidence-bucket';
import { createWafExecutor, networkOf } from '../../lambda/response/executors/aws-waf';
import { ADDRESS, ECS, incident } from './fixtures';

const cause = { incident: incident(), actions: [], by: 'carol', why: 'x' };

describe('AWS WAF', () => {
  const waf = mockClient(WAFV2Client);
  let sets: Record<string, string[]>;
  let token: number;
  /** Somebody else writes between a reading and the next write. */
  let interruptions: (() => void)[];
  const executor = createWafExecutor({ client: new WAFV2Client({ region: 'eu-west-1' }), ipv4: { name: 'four', id: '4' }, ipv6: { name: 'six', id: '6' } });
  const block = (address: string) => ({ kind: 'block_address', address: { kind: 'address', address } }) as const;

  beforeEach(() => {
    waf.reset();
    [sets, token, interruptions] = [{ four: [], six: [] }, 0, []];
    waf.on(GetIPSetCommand).callsFake(({ Name }) => {
      const read = { IPSet: { Addresses: [...sets[Name]!] }, LockToken: String(token) };
      interruptions.shift()?.();
      return read;
    });
    waf.on(UpdateIPSetCommand).callsFake(({ Name, Addresses, LockToken }) => {
      if (LockToken !== String(token)) throw new WAFOptimisticLockException({ message: 'stale', $metadata: {} });
      token += 1;
      sets[Name] = Addresses;
    });
  });

  test('SOC-3 blocks an address and lets it go, and leaves all others', async () => {
    sets.four = ['198.51.100.1/32'];
    const before = await executor.observe(block(ADDRESS.address));
    expect(before).toMatchObject({ contained: false });
    await executor.apply(block(ADDRESS.address), before, cause);
    await executor.apply(block(ADDRESS.address), before, cause);
    expect(sets.four).toEqual(['198.51.100.1/32', '203.0.113.7/32']);
    await executor.undo(block(ADDRESS.address), before, cause);
    await executor.undo(block(ADDRESS.address), before, cause);
    expect(sets.four).toEqual(['198.51.100.1/32']);
  });

  test('IR-2 a lock token that grew old is no reason to forget anybody', async () => {
    const before = await executor.observe(block(ADDRESS.address));
    interruptions.push(() => {
      sets.four = ['198.51.100.2/32'];
      token += 1;
    });
    await executor.apply(block(ADDRESS.address), before, cause);
    expect(sets.four).toEqual(['198.51.100.2/32', '203.0.113.7/32']);
  });

  test('an address of IPv6 is its /64, however AWS WAF writes it', async () => {
    expect([networkOf('203.0.113.7'), networkOf('2001:db8::1:2:3:4')]).toEqual(['203.0.113.7/32', '2001:db8::/64']);
    sets.six = ['2001:0db8:0000:0000:0000:0000:0000:0000/64'];
    expect(await executor.observe(block('2001:db8::7'))).toMatchObject({ contained: true });
    await executor.undo(block('2001:db8::7'), { is: '', contained: false, value: {} }, cause);
    expect(sets.six).toEqual([]);
  });
});

describe('Amazon ECS', () => {
  const ecs = mockClient(ECSClient);
  const client = new ECSClient({ region: 'eu-west-1' });
  const network = { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-files'], assignPublicIp: 'DISABLED' as const } };
  const deployment = { minimumHealthyPercent: 100, maximumPercent: 200, deploymentCircuitBreaker: { enable: true, rollback: true } };
  let service: Record<string, any>;

  beforeEach(() => {
    ecs.reset();
    service = { status: 'ACTIVE', desiredCount: 3, networkConfiguration: network, deploymentConfiguration: deployment };
    ecs.on(DescribeServicesCommand).callsFake(() => ({ services: [structuredClone(service)] }));
    ecs.on(UpdateServiceCommand).callsFake(({ cluster: _, service: __, forceNewDeployment: ___, ...change }) => void (service = { ...service, ...change }));
  });

  const isolate = { kind: 'isolate_workload', workload: ECS } as const;
  const stop = { kind: 'stop_workload', workload: ECS } as const;

  test('IR-2 tasks that are cut off are not kept for want of healthy ones, and nothing goes back by itself; undo restores exactly what was', async () => {
    const initially = structuredClone(service);
    const executor = createEcsIsolation({ client, isolationGroup: 'sg-isolation' });
    const before = await executor.observe(isolate);
    expect(before).toMatchObject({ is: 'its security groups are sg-files', contained: false });
    await executor.apply(isolate, before, cause);
    await executor.apply(isolate, before, cause);
    expect(ecs.commandCalls(UpdateServiceCommand)).toHaveLength(1);
    expect(service).toMatchObject({
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-isolation'] } },
      deploymentConfiguration: { minimumHealthyPercent: 0, maximumPercent: 100, deploymentCircuitBreaker: { enable: false, rollback: false } },
    });
    await executor.undo(isolate, JSON.parse(JSON.stringify(before)), cause);
    expect(service).toEqual(initially);
  });

  test('what somebody else changed since is left to them', async () => {
    const executor = createEcsIsolation({ client, isolationGroup: 'sg-isolation' });
    const before = await executor.observe(isolate);
    await executor.apply(isolate, before, cause);
    service.networkConfiguration = { awsvpcConfiguration: { ...network.awsvpcConfiguration, securityGroups: ['sg-new'] } };
    expect(await executor.undo(isolate, before, cause)).toBe('it was left as it is: somebody else changed its security groups');
    expect(service.networkConfiguration.awsvpcConfiguration.securityGroups).toEqual(['sg-new']);
  });

  test('IR-2 a service is stopped, and runs as many tasks as before', async () => {
    const executor = createEcsStop(client);
    const before = await executor.observe(stop);
    await executor.apply(stop, before, cause);
    expect(service.desiredCount).toBe(0);
    expect(await executor.undo(stop, before, cause)).toBe('it runs 3 tasks');
    expect(service.desiredCount).toBe(3);
  });

  test('IR-2 evidence holds the service and its tasks', async () => {
    ecs.on(ListTasksCommand).resolves({ taskArns: ['task-1'] });
    ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn: 'task-1' }] });
    ecs.on(DescribeTaskDefinitionCommand).resolves({ taskDefinition: { family: 'files', revision: 7 } });
    expect(await describeEcsWorkload(client, ECS)).toMatchObject({
      service: { desiredCount: 3 }, taskDefinition: { revision: 7 }, tasks: [{ taskArn: 'task-1' }],
      notAvailable: [expect.stringMatching(/^memory/), expect.stringMatching(/^disks/), expect.stringMatching(/ECS Exec is off/)],
    });
  });

  test('a service that is not there is said to be so', async () => {
    ecs.on(DescribeServicesCommand).resolves({ services: [] });
    await expect(createEcsStop(client).observe(stop)).rejects.toThrow('there is no ECS service zone/files');
  });
});

describe('evidence in Amazon S3', () => {
  const s3 = mockClient(S3Client);
  const store = createEvidenceBucket({ client: new S3Client({ region: 'eu-west-1' }), bucket: 'evidence' });

  test('LOG-4 is written once: the first copy stays', async () => {
    s3.on(PutObjectCommand).resolvesOnce({}).rejects(new S3ServiceException({ name: 'PreconditionFailed', $fault: 'client', $metadata: {} }));
    expect(await store.keep('inc-1', 'incident.json', {})).toBe('s3://evidence/incidents/inc-1/incident.json');
    expect(await store.keep('inc-1', 'incident.json', { later: true })).toBe('s3://evidence/incidents/inc-1/incident.json');
    expect(s3.commandCalls(PutObjectCommand)[0]!.args[0].input).toMatchObject({ IfNoneMatch: '*', ChecksumAlgorithm: 'SHA256' });
  });

  test('is missed where it cannot be written', async () => {
    s3.on(PutObjectCommand).rejects(new S3ServiceException({ name: 'AccessDenied', $fault: 'client', $metadata: {} }));
    await expect(store.keep('inc-1', 'incident.json', {})).rejects.toThrow();
  });
});

test('a token for a cluster is a presigned request to STS that names it, good for a minute', async () => {
  const identity = new ECSClient({ region: 'eu-west-1', credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' } }).config;
  const token = await clusterToken(identity, 'mcp', Date.parse('2026-11-22T12:00:00Z'));
  const url = new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString());
  expect(url.host).toBe('sts.eu-west-1.amazonaws.com');
  expect(Object.fromEntries(url.searchParams)).toMatchObject({ Action: 'GetCallerIdentity', 'X-Amz-Expires': '60', 'X-Amz-SignedHeaders': 'host;x-k8s-aws-id', 'X-Amz-Date': '20261122T120000Z' });
  expect(url.searchParams.has('x-k8s-aws-id')).toBe(false);
});

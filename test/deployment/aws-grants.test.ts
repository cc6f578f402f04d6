import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { APIGatewayRequestAuthorizerEvent, DynamoDBStreamEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { createGrantAnnouncer } from '../../lambda/deployment/aws-grant-announcements';
import { createGrantAuthorizer } from '../../lambda/deployment/aws-grant-authorizer';
import { createGrantWait } from '../../lambda/deployment/aws-grant-wait';
import { gatewayGrants } from '../../lambda/deployment/aws-grants';
import { readGrantSiteSettings } from '../../lambda/deployment/grant-settings';
import { ASKED, bob, carol, erin, memoryStore, startDesk } from '../grants/fixtures';

const dynamodb = mockClient(DynamoDBClient);
const events = mockClient(EventBridgeClient);
const workflows = mockClient(SFNClient);
const sns = mockClient(SNSClient);

beforeEach(() => {
  for (const mock of [dynamodb, events, workflows, sns]) mock.reset();
  dynamodb.on(QueryCommand).resolves({ Items: [] });
  events.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
  sns.on(PublishCommand).resolves({});
  workflows.on(SendTaskSuccessCommand).resolves({});
});

function announcer(store = memoryStore()) {
  const lines: string[] = [];
  return { lines, announce: createGrantAnnouncer({ events: new EventBridgeClient({}), bus: 'bus', workflows: new SFNClient({}), store, writeLine: (line) => void lines.push(line) }) };
}

function streamOf(collection: string, id: string, value: unknown): DynamoDBStreamEvent {
  return { Records: [{ dynamodb: { SequenceNumber: '7', NewImage: { collection: { S: collection }, id: { S: id }, revision: { N: '1' }, value: { S: JSON.stringify(value) } } } }] };
}

const details = () => events.commandCalls(PutEventsCommand).map(({ args }) => args[0].input.Entries![0]!);

describe('announcements of grants', () => {
  test('tell every step without arguments and purpose, and end the workflow that waits', async () => {
    const { desk } = startDesk();
    const store = memoryStore();
    const { announce } = announcer(store);
    const wait = createGrantWait({ sns: new SNSClient({}), topicArn: 'arn:topic', publicUrl: 'https://gateway.example/v1', store, clock: Date.now });
    const asked = await desk.request(bob, ASKED);
    await announce(streamOf('grants', asked.id, asked));
    const [first] = details();
    expect(first).toMatchObject({ EventBusName: 'bus', Source: 'mcp-zero-trust.grants', DetailType: 'MCP Grant State Change' });
    expect(JSON.parse(first!.Detail!)).toMatchObject({ grant: asked.id, state: 'requested', approvals: 0, server: 'memory', tool: 'delete_entities', principal: { id: 'bob' } });
    expect(first!.Detail).not.toMatch(/entityNames|import left behind/);
    expect(workflows.commandCalls(SendTaskSuccessCommand)).toHaveLength(0);

    await wait({ token: 'token', grant: JSON.parse(first!.Detail!) });
    const { Message, Subject } = sns.commandCalls(PublishCommand)[0]!.args[0].input;
    expect(Message).toContain(`https://gateway.example/v1/approvals/${asked.id}`);
    expect(`${Subject} ${Message}`).not.toMatch(/token"|entityNames/);
    const approved = await desk.approve(asked.id, erin);
    await announce(streamOf('grants', asked.id, approved));
    expect(workflows.commandCalls(SendTaskSuccessCommand)[0]!.args[0].input).toMatchObject({ taskToken: 'token', output: expect.stringContaining('"state":"approved"') });
  });

  test('JIT-4 tell of the kill switch', async () => {
    const { announce } = announcer();
    await announce(streamOf('revocations', 'everything', { target: { kind: 'everything' }, blocked: true, by: { type: 'User', id: 'carol', issuer: 'test' }, at: 1, why: 'incident' }));
    expect(details()[0]).toMatchObject({ DetailType: 'MCP Kill Switch', Detail: expect.stringContaining('"why":"incident"') });
  });

  test('come again where the bus does not take them, and not where nobody waits any more', async () => {
    const { desk } = startDesk();
    const store = memoryStore();
    const { announce, lines } = announcer(store);
    const { id } = await desk.request(bob, ASKED);
    const denied = await desk.deny(id, carol, 'no');
    await store.put('waits', id, { token: 'token' }, 0);
    workflows.on(SendTaskSuccessCommand).rejects(Object.assign(new Error('gone'), { name: 'TaskTimedOut' }));
    expect(await announce(streamOf('grants', id, denied))).toEqual({ batchItemFailures: [] });
    events.on(PutEventsCommand).resolves({ FailedEntryCount: 1 });
    expect(await announce(streamOf('grants', id, denied))).toEqual({ batchItemFailures: [{ itemIdentifier: '7' }] });
    expect(lines.join()).toContain('failure');
  });
});

describe('the authorizer of grants', () => {
  const event = (authorization?: string) =>
    ({ httpMethod: 'GET', path: '/grants', methodArn: 'arn:method', multiValueHeaders: authorization === undefined ? {} : { Authorization: [authorization] }, multiValueQueryStringParameters: null }) as unknown as APIGatewayRequestAuthorizerEvent;
  const authorize = createGrantAuthorizer({
    publicUrl: 'https://gateway.example/v1',
    authenticator: {
      authenticate: async ({ headers, resource }) =>
        resource === 'https://gateway.example/v1/grants' && headers.get('authorization') === 'Bearer good' ? { ok: true, principal: bob } : { ok: false, status: 401, challenge: 'Bearer realm', reason: 'no_token' },
    },
  });

  test('IAM-3 lets tokens for the resource of grants through, and no others', async () => {
    expect((await authorize(event('Bearer good'))).policyDocument.Statement[0]).toMatchObject({ Effect: 'Allow', Resource: 'arn:method' });
    expect(await authorize(event())).toMatchObject({ policyDocument: { Statement: [{ Effect: 'Deny' }] }, context: { challenge: 'Bearer realm' } });
  });
});

test('JIT-1 a gateway sends people to the pages where they are, and not to its own name, which may have none', async () => {
  const settings = { table: 'table', url: 'https://api.example.com/v1', maxLifetimeSeconds: 3_600, maxUses: 20, decideMs: 900_000 };
  const grants = gatewayGrants(settings, createCedarDecisionPoint({ policies: {} }), ['memory'], () => {});
  await grants.killSwitch.current();
  grants.killSwitch.close();
  expect(grants.approvalUrl('grant-1')).toBe('https://api.example.com/v1/approvals/grant-1');
});

test('the settings of the function name what is missing', () => {
  const environment = {
    MCP_PUBLIC_URL: 'https://gateway.example/v1',
    MCP_ISSUERS: '[{"issuer":"https://login.example","jwks":"https://login.example/jwks"}]',
    MCP_POLICY_STORE_ID: 'store',
    MCP_DECISION_MODE: 'in-process',
    MCP_POLICY_REFRESH_SECONDS: '30',
    MCP_KEY_SECRET_ARN: 'arn:secret',
    MCP_GRANTS_TABLE: 'table',
    MCP_GRANTS_URL: 'https://gateway.example/v1',
    MCP_GRANTS_MAX_LIFETIME_SECONDS: '3600',
    MCP_GRANTS_MAX_USES: '20',
    MCP_GRANTS_DECIDE_SECONDS: '900',
    MCP_GRANTS_SERVERS: '["files"]',
    MCP_GRANTS_SIGN_IN: '{"authorizationEndpoint":"https://login.example/a","tokenEndpoint":"https://login.example/t","clientId":"c"}',
  };
  expect(readGrantSiteSettings(environment)).toMatchObject({ grants: { table: 'table', decideMs: 900_000 }, servers: ['files'], signIn: { clientId: 'c' } });
  expect(() => readGrantSiteSettings({ ...environment, MCP_GRANTS_MAX_USES: 'x' })).toThrow('MCP_GRANTS_MAX_USES must be a number');
});

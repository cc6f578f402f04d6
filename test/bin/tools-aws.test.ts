import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { createApprovalLog, createHeadVerifier, createToolRegistry, keyIdOf, pinOf } from '../../lambda/integrity';
import { createDynamoDbStore, ensureTable } from '../../lambda/stores/aws-dynamodb-store';
import { READ, scanForWords, toolNamed } from '../integrity/fixtures';
import { run } from './command-line';

const privateKey = createPrivateKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }));
const publicKey = createPublicKey(privateKey);

/** A registry in AWS as the command line meets it: a table, a key, and a URL for decisions. */
describe('mcp-zero-trust tools on a registry in AWS', () => {
  const database = dynalite({ createTableMs: 0 });
  const decisions: { headers: IncomingHttpHeaders; body: any }[] = [];
  let answer: { status: number; message: string };
  let kms: Server;
  let registry: Server;
  let env: NodeJS.ProcessEnv;
  let url: string;

  const listen = async (server: Server) => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const serve = (answerTo: (body: any, headers: IncomingHttpHeaders) => { status: number; value: object }) =>
    createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { status, value } = answerTo(JSON.parse(Buffer.concat(chunks).toString()), request.headers);
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      });
    });

  beforeAll(async () => {
    kms = serve(() => ({ status: 200, value: { PublicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') } }));
    registry = serve((body, headers) => {
      decisions.push({ headers, body });
      return { status: answer.status, value: { message: answer.message } };
    });
    const endpoint = await listen(database);
    env = {
      ...process.env,
      AWS_ENDPOINT_URL_DYNAMODB: endpoint, AWS_ENDPOINT_URL_KMS: await listen(kms), AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null', AWS_EC2_METADATA_DISABLED: 'true',
    };
    url = await listen(registry);
    const client = new DynamoDBClient({ endpoint, region: 'local', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    await ensureTable(client, 'tools');
    const store = createDynamoDbStore(client, 'tools');
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const log = createApprovalLog({ store, verify: createHeadVerifier([pem]), signer: { keyId: keyIdOf(publicKey), sign: async (bytes) => sign('sha256', bytes, privateKey) } });
    const it = createToolRegistry({ store, log, scan: scanForWords, policy: { twoPersons: 'never' } });
    await it.observe(READ, toolNamed('read'), 'discovery');
    await it.approve('files/read', { by: 'alice', why: 'read it' });
    await it.observe({ server: 'files', tool: 'write' }, toolNamed('write', 'Writes a file.'), 'discovery');
    client.destroy();
  });
  afterAll(() => {
    for (const server of [database, kms, registry]) {
      server.closeAllConnections();
      server.close();
    }
  });
  beforeEach(() => {
    decisions.splice(0);
    answer = { status: 202, message: 'files/write: your approval is on its way' };
  });

  const tools = (...args: readonly string[]) => run(['tools', ...args], { env });

  test('lists, shows, and tells the history', async () => {
    expect((await tools('list', '--table', 'tools')).stdout).toMatch(/^review {4}files\/write {2}approve.*\napproved {2}files\/read/);
    expect((await run(['tools', 'show', 'files/read'], { env: { ...env, MCP_REGISTRY_TABLE: 'tools' } })).stdout).toContain(pinOf(toolNamed('read')));
    expect((await tools('history', '--table', 'tools', 'files/read')).stdout).toContain('alice');
    expect(await tools('show', '--table', 'tools', 'files/none')).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing is known of it') });
  }, 60_000);

  test('SC-2 verifies approvals with the public key of KMS', async () => {
    expect(await tools('verify', '--table', 'tools', '--key', 'arn:key')).toMatchObject({ code: 0, stdout: expect.stringContaining('1 of 1 approved definitions verify.') });
    expect(await tools('verify', '--table', 'tools')).toMatchObject({ code: 2, stderr: expect.stringContaining('--key') });
  }, 60_000);

  test('TV-3 sends decisions with the signature of whoever decides', async () => {
    expect(await tools('approve', 'files/write', '--url', url, '--pin', '0123456789ab', '--why', 'read it')).toEqual({ code: 0, stdout: 'files/write: your approval is on its way\n', stderr: '' });
    expect(decisions[0]!.body).toEqual({ action: 'approve', id: 'files/write', why: 'read it', pin: '0123456789ab' });
    expect(decisions[0]!.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/lambda\/aws4_request, SignedHeaders=[a-z0-9;-]*host[a-z0-9;-]*, Signature=[0-9a-f]{64}$/);
    await tools('quarantine', 'files/read', 'files/write', '--url', url, '--why', 'incident 42');
    await tools('discover', '--url', url);
    await tools('approve', '--all', '--table', 'tools', '--url', url, '--why', 'first look');
    expect(decisions.slice(1).map(({ body }) => body)).toEqual([
      { action: 'quarantine', id: 'files/read', why: 'incident 42' },
      { action: 'quarantine', id: 'files/write', why: 'incident 42' },
      { action: 'discover' },
      { action: 'approve', id: 'files/write', why: 'first look' },
    ]);
  }, 60_000);

  test('says why a decision was not taken, with exit code 1', async () => {
    answer = { status: 409, message: 'files/write: alice has approved it already, another person has to' };
    expect(await tools('approve', 'files/write', '--url', url, '--why', 'x')).toEqual({ code: 1, stdout: '', stderr: 'files/write: alice has approved it already, another person has to\n' });
    answer = { status: 403, message: 'Forbidden' };
    expect(await tools('reject', 'files/write', '--url', url, '--why', 'x')).toMatchObject({ code: 1, stderr: 'The registry refuses these credentials (HTTP 403): Forbidden\n' });
  }, 60_000);

  test.each([
    [['list'], 'Expected --config for a registry on this machine, or --table for one in AWS.'],
    [['reject', 'files/read', '--why', 'x'], 'Expected --config for a registry on this machine, or --url for one in AWS.'],
    [['reject', 'files/read', '--why', 'x', '--url', 'http://example.com'], '--url: expected an https URL.'],
    [['reject', 'files/read', '--why', 'x', '--url', 'https://example.com', '--by', 'bob'], '--by: a registry in AWS takes the decider from the AWS credentials.'],
    [['list', '--table', 'none'], 'The registry in AWS does not open: '],
  ])('says what is wrong with %j, with exit code 2', async (args, message) => {
    expect(await tools(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
  }, 60_000);
});

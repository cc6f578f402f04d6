import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import { createArchiveVerifier, type AuditEvent } from '../../lambda/audit';
import { openAuditLog, readAuditLogSettings } from '../../lambda/deployment/aws-audit-log';
import { watchBehaviour } from '../../lambda/deployment/aws-behaviour';
import { eventOf } from '../audit/events';
import { run } from '../bin/command-line';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const kms = mockClient(KMSClient);

beforeEach(() => {
  kms.reset();
  kms.on(SignCommand).callsFake(({ Message }: { Message: Uint8Array }) => ({ Signature: sign('sha256', Message, privateKey) }));
});

const event = (more: Partial<AuditEvent> = {}): AuditEvent => eventOf({
  time: '2026-11-22T12:00:00.000Z', requestId: 'r', traceId: 't', spanId: 's', decision: 'allow', policyIds: [], requestBytes: 1, responseBytes: 2, durationMs: 3, httpStatus: 200, ...more,
});

async function opened(settings = { keyArn: 'arn:key' }) {
  const lines: string[] = [];
  return { lines, log: await openAuditLog(settings, (line) => lines.push(line), new KMSClient({ region: 'local' })) };
}

function verify(lines: readonly string[]) {
  const verifier = createArchiveVerifier({ keys: [createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }))] });
  lines.forEach((text, index) => verifier.line({ file: 'log', line: index + 1, text }));
  return verifier.finish();
}

describe('the audit log of a deployed function', () => {
  it('LOG-4 asks the key once, and signs all that was written before the function is frozen', async () => {
    const { lines, log } = await opened();
    for (let request = 0; request < 3; request++) {
      log.sink.write(event());
      await log.sink.flush();
    }
    log.write('{"kind":"tool","action":"approve"}');
    log.settle();
    log.settle();
    expect(kms.commandCalls(SignCommand)).toHaveLength(1);
    expect(kms.commandCalls(SignCommand)[0]!.args[0].input).toMatchObject({ KeyId: 'arn:key', MessageType: 'RAW', SigningAlgorithm: 'ECDSA_SHA_256' });
    expect(verify(lines)).toMatchObject({ entries: 4, checkpoints: 5, problems: [], notes: [] });
  });

  it('LOG-4 does not begin where the key does not sign', async () => {
    kms.on(SignCommand).rejects(new Error('denied'));
    await expect(opened()).rejects.toThrow('denied');
    kms.on(SignCommand).resolves({});
    await expect(opened()).rejects.toThrow('KMS gave no signature');
  });

  it('LOG-1 writes the same events, one a line, without a key', async () => {
    const { lines, log } = await opened({} as { keyArn: string });
    log.sink.write(event({ decision: 'deny', reason: 'not_permitted' }));
    log.settle();
    expect(lines.map((line) => JSON.parse(line))).toEqual([expect.objectContaining({ kind: 'audit', level: 'warn', decision: 'deny', reason: 'not_permitted' })]);
    expect(kms.calls()).toEqual([]);
  });

  it('LOG-4 a process with timers signs by the clock, a function when it is told to', () => {
    expect(readAuditLogSettings({ MCP_AUDIT_KEY_ARN: 'k', AWS_LAMBDA_FUNCTION_NAME: 'f' })).toEqual({ keyArn: 'k', checkpointMs: undefined });
    expect(readAuditLogSettings({ MCP_AUDIT_KEY_ARN: 'k' })).toEqual({ keyArn: 'k', checkpointMs: 1_000 });
  });
});

describe('behaviour in a deployed function', () => {
  it('LOG-3 CV-2 what it raises is an event of the audit trail and a metric, whose dimensions name no principal', async () => {
    // Or it would print by a console of its own.
    Object.assign(process.env, { POWERTOOLS_DEV: 'true', POWERTOOLS_METRICS_DISABLED: 'false' });
    const printed = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    const { lines, log } = await opened();
    const watch = watchBehaviour('McpZeroTrust/Test', log.write)!;
    const principal = { type: 'User', id: 'ada', issuer: 'https://login.example.com' };
    for (let failure = 0; failure < 6; failure++) watch.sink.write(event({ sourceIp: '203.0.113.9', decision: 'deny', httpStatus: 401, reason: 'expired' }));
    watch.sink.write(event({ sourceIp: '203.0.113.9', principal }));
    expect(JSON.parse(lines[1]!)).toMatchObject({ kind: 'detection', signal: 'failures_then_success', sourceIp: '203.0.113.9', time: '2026-11-22T12:00:00.000Z' });
    const metrics = printed.mock.calls.map(([text]) => JSON.parse(String(text)));
    printed.mockRestore();
    delete process.env.POWERTOOLS_DEV;
    delete process.env.POWERTOOLS_METRICS_DISABLED;
    expect(metrics).toEqual([
      expect.objectContaining({ service: 'gateway', signal: 'failures_then_success', Detections: 1, _aws: expect.objectContaining({ CloudWatchMetrics: [expect.objectContaining({ Namespace: 'McpZeroTrust/Test', Dimensions: [['service', 'signal']] })] }) }),
      expect.objectContaining({ service: 'gateway', Risk: 60 }),
    ]);
    expect(JSON.stringify(metrics)).not.toContain('ada');
    expect(watchBehaviour(undefined, log.write)).toBeUndefined();
  });
});

describe('mcp-zero-trust audit verify --archive', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'mzt-archive-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('LOG-4 reads what Data Firehose left in S3, folders and compression and blank lines and all', async () => {
    const { lines, log } = await opened();
    for (let request = 0; request < 4; request++) {
      log.sink.write(event({ target: `tool-${request}` }));
      log.settle();
    }
    const key = join(folder, 'audit.pem');
    writeFileSync(key, publicKey.export({ type: 'spki', format: 'pem' }));
    const archive = join(folder, 'eventDay=20261122');
    mkdirSync(archive);
    const text = (part: readonly string[]) => part.map((line) => `${line}\n\n`).join('');
    writeFileSync(join(archive, 'b.gz'), gzipSync(text(lines.slice(0, 5))));
    writeFileSync(join(archive, 'a'), text(lines.slice(4).reverse()));
    const honest = await run(['audit', 'verify', '--archive', archive, '--key', key]);
    expect(honest).toMatchObject({ code: 0, stdout: 'note: 1 line was delivered more than once\narchive: 4 entries of 1 writer, 5 signed checkpoints, as they were written\n' });
    expect((await run(['audit', 'verify', '--archive', archive])).stdout).toContain('no key was given');

    writeFileSync(join(archive, 'a'), text(lines.slice(5).map((line) => line.replace('tool-3', 'tool-7'))));
    const changed = await run(['audit', 'verify', '--archive', archive, '--key', key]);
    expect(changed.code).toBe(1);
    expect(changed.stdout).toContain(`${join(archive, 'a')}:5: changed: this line was changed`);
  });

  it('ends with 2 where nothing is named or can be read', async () => {
    expect((await run(['audit', 'verify', '--archive'])).code).toBe(2);
    expect((await run(['audit', 'verify', '--archive', join(folder, 'none')])).code).toBe(2);
    writeFileSync(join(folder, 'a.gz'), 'not packed');
    expect(await run(['audit', 'verify', '--archive', folder])).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be verified') });
  });
});

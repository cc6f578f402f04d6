import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import { createArchiveVerifier, toOcsf } from '../../lambda/audit';
import { openAuditLog } from '../../lambda/deployment/aws-audit-log';
import { recorded } from '../../lambda/deployment/aws-response';
import { createActStep, createResponder, createResponseDesk, type ActionStep, type Severity } from '../../lambda/response';
import { memoryStore } from '../grants/fixtures';
import { incident, World } from './fixtures';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const kms = mockClient(KMSClient);
let isDenied = false;
const SETTINGS = { table: 'incidents', policy: {}, estate: {} };
const STEP: ActionStep = { incident: incident().id, number: 1, kind: 'block_principal', platform: '', step: 'apply', by: '', why: '' };

beforeEach(() => {
  kms.reset();
  isDenied = false;
  kms.on(SignCommand).callsFake(({ Message }: { Message: Uint8Array }) => {
    if (isDenied) throw new Error('denied');
    return { Signature: sign('sha256', Message, privateKey) };
  });
});

async function deployed(severity: Severity = 'high') {
  const [world, store, lines] = [new World(), memoryStore(), [] as string[]];
  await createResponder({ store, executors: {} }).open(incident('unauthorised_access', { severity }));
  const openLog = () => openAuditLog({ keyArn: 'arn:key' }, (line) => lines.push(line), new KMSClient({ region: 'local' }));
  const act = recorded(SETTINGS, createActStep, world.executors(), { openLog, store });
  const desk = recorded(SETTINGS, (responder) => {
    const serve = createResponseDesk({ responder, complete: async () => true, start: async () => undefined });
    return (body: object) => serve('arn:carol', JSON.parse(JSON.stringify(body)));
  }, {}, { openLog, store });
  return { world, lines, act, desk };
}

function verify(lines: readonly string[]) {
  const verifier = createArchiveVerifier({ keys: [createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }))] });
  lines.forEach((text, index) => verifier.line({ file: 'log', line: index + 1, text }));
  return verifier.finish();
}

describe('a deployed function of the response', () => {
  test('LOG-1 LOG-4 each step is a signed line of the audit trail before the function is frozen, also where it fails', async () => {
    const { world, lines, act } = await deployed();
    expect(await act(STEP)).toEqual({ state: 'applied' });
    world.interrupt = () => {
      throw new Error('throttled');
    };
    await expect(act({ ...STEP, number: 2 })).rejects.toThrow('throttled');
    expect(lines.map((line) => JSON.parse(line).state ?? 'signed')).toEqual(['signed', 'applying', 'applied', 'signed', 'applying', 'apply_failed', 'signed']);
    expect(verify(lines)).toMatchObject({ entries: 4, problems: [], notes: [] });
    expect(verify(lines.filter((line) => !line.includes('"applied"'))).problems).not.toEqual([]);
    expect(kms.commandCalls(SignCommand)).toHaveLength(1);
    expect(lines.flatMap((line) => toOcsf(JSON.parse(line)) ?? []).map(({ class_uid, status_detail }) => `${class_uid} ${String(status_detail)}`)).toEqual([
      '2005 block_principal: applying', '2005 block_principal: applied', '2005 revoke_grants: applying', '2005 revoke_grants: apply_failed',
    ]);
  });

  test('LOG-1 the word of a person is in it, with who gave it', async () => {
    const { lines, desk } = await deployed('medium');
    expect(await desk({ action: 'deny', incident: incident().id, number: 1, why: 'a drill' })).toMatchObject({ status: 202 });
    expect(lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'response')).toEqual([expect.objectContaining({ state: 'denied', by: 'arn:carol', outcome: 'a drill' })]);
    expect(verify(lines)).toMatchObject({ entries: 1, problems: [] });
  });

  test('LOG-4 nothing is done where the log cannot be signed, and the next call tries again', async () => {
    const { world, lines, act } = await deployed();
    isDenied = true;
    await expect(act(STEP)).rejects.toThrow('denied');
    isDenied = false;
    expect([world.log, lines]).toEqual([[], []]);
    expect(await act(STEP)).toEqual({ state: 'applied' });
    expect(verify(lines).problems).toEqual([]);
  });
});

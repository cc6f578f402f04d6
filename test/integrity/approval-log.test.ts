import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KMSClient, GetPublicKeyCommand, SignCommand } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import { createPublicKey } from 'node:crypto';
import {
  LogNotTrusted,
  createApprovalLog,
  createHeadFile,
  createHeadVerifier,
  openKeyFile,
  pinOf,
  signHead,
  statementHash,
  type ApprovalLog,
  type ApprovedStatement,
  type PublicHeadSigner,
} from '../../lambda/integrity';
import { createKmsSigner } from '../../lambda/integrity/aws-kms-signer';
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from '../../lambda/integrity/merkle';
import type { DocumentStore } from '../../lambda/stores';
import { openMemoryTable, type LocalTable } from '../../lambda/stores/local-table';
import { createSigner } from './fixtures';

const statement = (name: string, revision = 1): ApprovedStatement => ({
  kind: 'approved',
  subject: `files/${name}`,
  revision,
  pin: pinOf(name),
  version: '1.0.0',
  at: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-04-01T00:00:00.000Z',
  by: ['alice'],
});

/** The store as it was for whoever restores an old copy, or writes past the log's rules. */
function tampered(store: DocumentStore, change: (documents: Awaited<ReturnType<DocumentStore['list']>>) => Awaited<ReturnType<DocumentStore['list']>>): DocumentStore {
  return { ...store, list: async (collection, options) => change(await store.list(collection, options)) };
}

describe('SC-2 the log of approvals', () => {
  let tables: LocalTable[];
  let store: DocumentStore;
  let folder: string;
  let signer: PublicHeadSigner;

  beforeEach(async () => {
    const table = await openMemoryTable();
    tables = [table];
    ({ store } = table);
    folder = mkdtempSync(join(tmpdir(), 'approval-log-'));
    signer = createSigner();
  });
  afterEach(async () => {
    await Promise.all(tables.map((table) => table.close()));
    rmSync(folder, { recursive: true });
  });

  const open = (options: Partial<Parameters<typeof createApprovalLog>[0]> = {}): ApprovalLog =>
    createApprovalLog({ store, signer, verify: createHeadVerifier([signer.publicKey]), ...options });

  test('is the same for every instance, each statement provable, each head a continuation of those before', async () => {
    const one = open();
    const heads = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) heads.push(await one.append(statement(name)));
    const other = open({ signer: undefined });
    await other.sync();
    expect(other.head).toEqual(heads.at(-1));
    const tree = ({ size, root }: { size: number; root: string }) => ({ size, root: Buffer.from(root, 'hex') });
    expect(verifyInclusion(statementHash(statement('c')), 2, inclusionProof(other.leaves, 2), tree(other.head!))).toBe(true);
    for (const head of heads) expect(verifyConsistency(tree(head), tree(other.head!), consistencyProof(other.leaves, head.size))).toBe(true);
    await expect(other.append(statement('f'))).rejects.toThrow('has no key');
  });

  test('takes the statements of 50 writers at once, and loses none', async () => {
    const logs = Array.from({ length: 5 }, () => open());
    await Promise.all(Array.from({ length: 50 }, (_, index) => logs[index % 5]!.append(statement(`tool-${index}`))));
    const reader = open();
    await reader.sync();
    expect(reader.head?.size).toBe(50);
    for (let index = 0; index < 50; index += 1) expect(reader.statementOf(`files/tool-${index}`)).toBeDefined();
  }, 60_000);

  test('of two statements on a subject that with the higher revision holds, whichever was appended last', async () => {
    const log = open();
    await log.append({ kind: 'withdrawn', subject: 'files/a', revision: 8, at: '2026-01-01T00:00:00.000Z', by: ['bob'] });
    await log.append(statement('a', 7));
    expect(log.statementOf('files/a')).toMatchObject({ kind: 'withdrawn', revision: 8 });
  });

  test('is refused when it becomes shorter or another while it is followed', async () => {
    let change: Parameters<typeof tampered>[1] = (documents) => documents;
    const log = open({ store: tampered(store, (documents) => change(documents)) });
    for (const name of ['a', 'b', 'c']) await log.append(statement(name));
    change = (documents) => documents.filter(({ id }) => Number(id) < 2);
    await expect(log.sync()).rejects.toMatchObject({ reason: 'rollback' });
    change = (documents) => documents.map((document) => ({ ...document, value: { ...document.value, head: { ...(document.value.head as object), root: pinOf('other') } } }));
    await expect(log.sync()).rejects.toMatchObject({ reason: 'split' });
    change = (documents) => documents;
    await expect(log.sync()).resolves.toBeUndefined();
  });

  test('a copy that was restored is refused', async () => {
    const memory = createHeadFile(join(folder, 'head.json'));
    const log = open({ memory });
    for (const name of ['a', 'b', 'c']) await log.append(statement(name));
    const old = tampered(store, (documents) => documents.filter(({ id }) => Number(id) < 2));
    await expect(open({ store: old, memory }).sync()).rejects.toMatchObject({ reason: 'rollback' });
    await expect(open({ store: tampered(store, () => []), memory }).sync()).rejects.toMatchObject({ reason: 'rollback' });
    await expect(open({ store: old }).sync()).resolves.toBeUndefined();
    expect(statSync(join(folder, 'head.json')).mode & 0o077).toBe(0);
  });

  test('a history that was rewritten is refused, even by who has the key', async () => {
    const memory = createHeadFile(join(folder, 'head.json'));
    await open({ memory }).append(statement('a'));
    const second = await openMemoryTable();
    tables.push(second);
    const rewritten = open({ store: second.store });
    await rewritten.append(statement('x'));
    await rewritten.append(statement('y'));
    await expect(open({ store: second.store, memory }).sync()).rejects.toMatchObject({ reason: 'split' });
  });

  test('what was not signed with a trusted key is refused, and so is a statement that was changed after it was signed', async () => {
    const log = open();
    await log.append(statement('a'));
    await log.append(statement('b'));
    const stranger = createSigner();
    await expect(open({ verify: createHeadVerifier([stranger.publicKey]) }).sync()).rejects.toMatchObject({ reason: 'forged' });
    await expect(open({ verify: createHeadVerifier([stranger.publicKey, signer.publicKey]) }).sync()).resolves.toBeUndefined();

    const changed = tampered(store, (documents) => documents.map((document) => ({ ...document, value: { ...document.value, statement: { ...(document.value.statement as object), pin: pinOf('evil') } } })));
    await expect(open({ store: changed }).sync()).rejects.toMatchObject({ reason: 'forged' });

    const forgedHead = await signHead({ size: 3, root: pinOf('root'), at: '2026-01-01T00:00:00.000Z' }, stranger);
    await store.put('log', '000000000002', { statement: statement('evil') as never, head: forgedHead as never }, 0);
    await expect(log.sync()).rejects.toThrow(LogNotTrusted);
    expect(log.statementOf('files/evil')).toBeUndefined();
    expect(log.head?.size).toBe(2);
  });

  test.each([
    ['another size', (head: object) => ({ ...head, size: 7 })],
    ['another time', (head: object) => ({ ...head, at: '2030-01-01T00:00:00.000Z' })],
    ['no signature', (head: object) => ({ ...head, signature: '' })],
  ])('a head with %s is refused', async (_what, change) => {
    await open().append(statement('a'));
    const changed = tampered(store, (documents) => documents.map((document) => ({ ...document, value: { ...document.value, head: change(document.value.head as object) as never } })));
    await expect(open({ store: changed }).sync()).rejects.toMatchObject({ reason: 'forged' });
  });

  test('a store that shows an old state for ever (freeze) is refused once the head was not renewed for too long', async () => {
    let now = Date.parse('2026-01-01T00:00:00.000Z');
    const clock = () => now;
    const writer = open({ clock });
    expect(await writer.renew()).toBeUndefined();
    const reader = open({ clock, signer: undefined, maxHeadAgeMs: 3_600_000 });
    now += 7_200_000;
    await expect(reader.sync()).resolves.toBeUndefined();
    await writer.append(statement('a'));
    now += 3_600_000;
    await expect(reader.sync()).resolves.toBeUndefined();
    now += 1;
    await expect(reader.sync()).rejects.toMatchObject({ reason: 'stale', message: expect.stringContaining('was signed at 2026-01-01T02:00:00.000Z and not renewed since') });
    await writer.renew();
    await expect(reader.sync()).resolves.toBeUndefined();
    await expect(open({ signer: undefined }).renew()).rejects.toThrow('no key');
  });

  test('several signers that renew and append at once leave a head that all believe', async () => {
    const signers = Array.from({ length: 5 }, () => open());
    await Promise.all(signers.flatMap((log, index) => [log.append(statement(`t${index}`)), log.renew(), log.renew()]));
    const reader = open({ signer: undefined, maxHeadAgeMs: 60_000, clock: () => Date.now() + 50_000 });
    await reader.sync();
    expect(reader.head?.size).toBe(5);
  });

  test('a renewed head is refused where it is forged, of another log, or ahead of the log', async () => {
    let now = Date.now();
    const clock = () => now;
    const writer = open({ clock });
    await writer.append(statement('a'));
    const reader = (more: Partial<Parameters<typeof createApprovalLog>[0]> = {}) => open({ clock, signer: undefined, maxHeadAgeMs: 1_000, ...more });
    now += 1_001;
    const put = async (head: object) => store.put('heads', 'newest', head as never, (await store.get('heads', 'newest'))?.revision ?? 0);
    await put({ ...writer.head!, at: new Date(now).toISOString() });
    await expect(reader().sync()).rejects.toMatchObject({ reason: 'forged' });
    await put({ size: 'all' });
    await expect(reader().sync()).rejects.toMatchObject({ reason: 'forged' });
    await put(await signHead({ size: 1, root: '00', at: new Date(now).toISOString() }, signer));
    await expect(reader().sync()).rejects.toMatchObject({ reason: 'split' });
    await writer.append(statement('b'));
    now += 1_001;
    await writer.renew();
    await expect(reader().sync()).resolves.toBeUndefined();
    await expect(reader({ store: tampered(store, (documents) => documents.slice(0, 1)) }).sync()).rejects.toMatchObject({ reason: 'rollback' });
  });

  test('a key file is made where there is none, for its owner alone, and read again', async () => {
    const file = join(folder, 'keys', 'key.pem');
    const made = openKeyFile(file);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(openKeyFile(file)).toMatchObject({ keyId: made.keyId, publicKey: made.publicKey });
    const head = await signHead({ size: 1, root: 'r', at: 'now' }, made);
    expect(createHeadVerifier([made.publicKey])(head)).toBe(true);
    writeFileSync(file, 'not a key');
    expect(() => openKeyFile(file)).toThrow(`${file}: expected a private ECDSA key on the curve P-256, in PEM`);
  });

  test('KMS signs what the same verifier accepts', async () => {
    const kms = mockClient(KMSClient);
    kms.on(GetPublicKeyCommand, { KeyId: 'alias/log' }).resolves({ PublicKey: createPublicKey(signer.publicKey).export({ type: 'spki', format: 'der' }) });
    kms.on(SignCommand, { KeyId: 'alias/log', MessageType: 'RAW', SigningAlgorithm: 'ECDSA_SHA_256' }).callsFake(async ({ Message }: { Message: Uint8Array }) => ({ Signature: await signer.sign(Message) }));
    const kmsSigner = await createKmsSigner(new KMSClient({ region: 'eu-north-1' }), 'alias/log');
    expect(kmsSigner.keyId).toBe(signer.keyId);
    await open({ signer: kmsSigner }).append(statement('a'));
    await expect(open().sync()).resolves.toBeUndefined();
  });
});

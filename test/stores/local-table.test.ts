import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocalTable } from '../../lambda/stores/local-table';

describe('the documents of one machine', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'local-table-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('outlive the process that wrote them', async () => {
    const first = await openLocalTable(folder);
    await first.store.put('a', 'x', { kept: true }, 0);
    await first.close();
    const second = await openLocalTable(folder);
    expect(await second.store.get('a', 'x')).toMatchObject({ value: { kept: true } });
    await second.close();
  });

  test('are shared by all who open the folder at the same time', async () => {
    const [one, two] = await Promise.all([openLocalTable(folder), openLocalTable(folder)]);
    await one.store.put('a', 'x', { from: 'one' }, 0);
    expect(await two.store.get('a', 'x')).toMatchObject({ value: { from: 'one' } });
    await two.close();
    await one.close();
  });

  test('are closed when what was asked of them is answered', async () => {
    const table = await openLocalTable(folder);
    const written = Promise.allSettled(Array.from({ length: 20 }, (_, index) => table.store.put('a', `x-${index}`, { index }, 0)));
    await table.store.get('a', 'x-0');
    await table.close();
    const kept = (await written).flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [`x-${index}`] : []));
    const again = await openLocalTable(folder);
    expect(kept.length).toBeGreaterThan(0);
    for (const id of kept) expect(await again.store.get('a', id)).toBeDefined();
    await again.close();
  });

  test('are served to nobody who cannot read the folder', async () => {
    const table = await openLocalTable(folder);
    const file = join(folder, 'endpoint.json');
    expect(statSync(file).mode & 0o077).toBe(0);
    const { port } = JSON.parse(readFileSync(file, 'utf8')) as { port: number };
    const ask = (credential: string) =>
      fetch(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        headers: { authorization: `AWS4-HMAC-SHA256 Credential=${credential}/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0` },
        body: '{}',
      });
    expect((await ask('guess')).status).toBe(403);
    expect((await ask('0'.repeat(32))).status).toBe(403);
    await table.close();
  });
});

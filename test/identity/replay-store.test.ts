import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { createMemoryReplayStore, type ReplayStore } from '../../lambda/identity';
import { createDynamoDbReplayStore } from '../../lambda/identity/dpop/aws-replay-store';
import { ensureTable } from '../../lambda/stores/aws-dynamodb-store';

const NOW = 1_767_225_600_000;
const TABLE = 'proofs';

describe('used proofs in DynamoDB, shared by all instances', () => {
  let server: Server;
  let client: DynamoDBClient;
  let now: number;

  beforeAll(async () => {
    server = dynalite({ createTableMs: 0 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    client = new DynamoDBClient({ endpoint: `http://127.0.0.1:${port}`, region: 'local', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    await ensureTable(client, TABLE);
  }, 30_000);
  afterAll(async () => {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    now = NOW;
  });

  const instance = (): ReplayStore => createDynamoDbReplayStore(client, TABLE, () => now);

  it('IAM-4 lets one of fifty simultaneous claims pass, over four instances', async () => {
    const instances = [instance(), instance(), instance(), instance()];
    const claims = await Promise.all(Array.from({ length: 50 }, (_, index) => instances[index % 4]!.claim('same', NOW + 300_000)));
    expect(claims.filter(Boolean)).toHaveLength(1);
  }, 30_000);

  it('tells proofs apart', async () => {
    expect([await instance().claim('a', NOW + 1000), await instance().claim('b', NOW + 1000)]).toEqual([true, true]);
  });

  it('forgets a proof that is too old to be accepted, whether DynamoDB has removed it or not', async () => {
    expect(await instance().claim('old', NOW + 10_000)).toBe(true);
    now += 9_000;
    expect(await instance().claim('old', NOW + 10_000)).toBe(false);
    now += 2_000;
    expect(await instance().claim('old', NOW + 20_000)).toBe(true);
    expect(await instance().claim('old', NOW + 20_000)).toBe(false);
  });

  it('gives DynamoDB the time at which to remove it, in seconds', async () => {
    await instance().claim('ttl', NOW + 1_500);
    const { Items = [] } = await client.send(new ScanCommand({ TableName: TABLE }));
    expect(Items.find(({ collection }) => collection?.S === 'proof#ttl')?.expiresAt?.N).toBe(String(NOW / 1000 + 2));
  });

  it('rejects when there is no table: the proof is not accepted', async () => {
    await expect(createDynamoDbReplayStore(client, 'nothing').claim('x', NOW)).rejects.toThrow();
  });
});

describe('used proofs in memory', () => {
  it('are let go of when they are too old', async () => {
    let now = NOW;
    const store = createMemoryReplayStore({ max: 3, clock: () => now });
    for (let i = 0; i < 100; i++, now += 400) expect(await store.claim(`proof ${i}`, now + 1000)).toBe(true);
    expect(await store.claim('proof 99', now + 1000)).toBe(false);
  });
});

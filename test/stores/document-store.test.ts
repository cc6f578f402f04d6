import { RevisionConflict, type DocumentStore } from '../../lambda/stores';
import { openMemoryTable, type LocalTable } from '../../lambda/stores/local-table';

describe('documents with a revision', () => {
  let table: LocalTable;
  let store: DocumentStore;

  beforeAll(async () => {
    table = await openMemoryTable();
    ({ store } = table);
  });
  afterAll(() => table.close());

  test('keeps what was written, by collection and id', async () => {
    await store.put('a', 'one', { text: 'ö "quoted" \u0000' }, 0);
    await store.put('b', 'one', { text: 'another' }, 0);
    expect(await store.get('a', 'one')).toEqual({ id: 'one', revision: 1, value: { text: 'ö "quoted" \u0000' } });
    expect(await store.get('a', 'two')).toBeUndefined();
  });

  test('lists a collection in the order of ids, from any place, however many there are', async () => {
    const long = 'x'.repeat(200_000);
    for (const id of ['c', 'a', 'd', 'b', 'f', 'e', 'g']) await store.put('long', id, { long }, 0);
    expect((await store.list('long')).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect((await store.list('long', { after: 'd' })).map(({ id }) => id)).toEqual(['e', 'f', 'g']);
    expect(await store.list('nothing')).toEqual([]);
  });

  test('refuses to overwrite what the writer has not read', async () => {
    const first = await store.put('c', 'x', { by: 'alice' }, 0);
    await expect(store.put('c', 'x', { by: 'bob' }, 0)).rejects.toThrow(RevisionConflict);
    const second = await store.put('c', 'x', { by: 'bob' }, first.revision);
    await expect(store.put('c', 'x', { by: 'carol' }, first.revision)).rejects.toThrow(RevisionConflict);
    await expect(store.put('c', 'new', { by: 'carol' }, 3)).rejects.toThrow(RevisionConflict);
    expect(await store.get('c', 'x')).toEqual(second);
  });

  test('lets one of 50 simultaneous writers win each revision, and loses no update of those who try again', async () => {
    await store.put('counters', 'n', { value: 0 }, 0);
    let conflicts = 0;
    const increment = async (): Promise<void> => {
      for (;;) {
        const { revision, value } = (await store.get('counters', 'n'))!;
        try {
          await store.put('counters', 'n', { value: Number(value.value) + 1 }, revision);
          return;
        } catch (error) {
          if (!(error instanceof RevisionConflict)) throw error;
          conflicts += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: 50 }, increment));
    expect(await store.get('counters', 'n')).toMatchObject({ revision: 51, value: { value: 50 } });
    expect(conflicts).toBeGreaterThan(0);
  }, 60_000);

  test('refuses a document that DynamoDB would not take', async () => {
    await expect(store.put('c', 'large', { text: 'ö'.repeat(175_000) }, 0)).rejects.toThrow('larger than 350000 bytes');
  });
});

import { startConformanceServer, type RunningServer } from '../fixtures/conformance-server';

/** A server of each era while the tests of a file run, and what each test opens: it is closed after it, the newest first. */
export function serveBothEras() {
  const running: RunningServer[] = [];
  const open: { close(): Promise<void> }[] = [];
  const server = (index: number) => ({
    get url(): string {
      return (running[index] as RunningServer).url;
    },
  });
  beforeAll(async () => {
    running.push(...(await Promise.all([startConformanceServer({ era: 'legacy' }), startConformanceServer({ era: 'modern' })])));
  });
  afterAll(() => Promise.all(running.map((one) => one.close())));
  afterEach(async () => {
    for (const thing of open.splice(0).reverse()) await thing.close();
  });
  return { legacy: server(0), modern: server(1), open };
}

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createDemoIssuer } from '../../lambda/identity';

const BUNDLE = join(__dirname, '..', '..', 'dist', 'lambda', 'authorizer');
const run = promisify(execFile);

/** Milliseconds of one cold start, on the clock of the process that starts. */
export interface ColdStart {
  /** A process that does nothing, from outside. */
  readonly emptyMs: number;
  /** The same with the bundle and one answer, from outside. */
  readonly processMs: number;
  /** Reading and running the bundle. */
  readonly loadMs: number;
  /** The first answer: the token verified, the policies fetched and parsed, the decision. */
  readonly firstAnswerMs: number;
  /** The next answer. */
  readonly secondAnswerMs: number;
}

/**
 * Starts the authorizer's bundle in fresh processes, as AWS Lambda does, and has it let a request through. The policy store is an
 * HTTP server on this machine that answers at once, so what a region's network adds is not in it.
 *
 * @throws Error when the authorizer does not let the request through
 */
export async function measureColdStarts(policies: Readonly<Record<string, string>>, count: number): Promise<ColdStart[]> {
  const store = await startStore(policies);
  try {
    const issuer = await createDemoIssuer({ issuer: 'https://idp.bench.example' });
    const token = await issuer.mint({ subject: 'user-0', groups: ['group-0', 'group-3'], audience: 'https://gateway.example/mcp/server-0' });
    const environment = {
      PATH: process.env.PATH ?? '',
      MCP_PUBLIC_URL: 'https://gateway.example',
      MCP_ISSUERS: JSON.stringify([{ issuer: issuer.issuer, jwks: issuer.jwks }]),
      MCP_POLICY_STORE_ID: 'store',
      MCP_DECISION_MODE: 'in-process',
      MCP_POLICY_REFRESH_SECONDS: '60',
      MCP_REFUSALS: 'challenge',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'none',
      AWS_SECRET_ACCESS_KEY: 'none',
      AWS_ENDPOINT_URL_VERIFIEDPERMISSIONS: `http://127.0.0.1:${(store.address() as AddressInfo).port}`,
      NODE_NO_WARNINGS: '1',
    };
    const starts: ColdStart[] = [];
    for (let round = 0; round < count; round += 1) starts.push(await measureOne(environment, token));
    return starts;
  } finally {
    store.close();
    store.closeAllConnections();
  }
}

async function measureOne(environment: Record<string, string>, token: string): Promise<ColdStart> {
  const before = performance.now();
  await run(process.execPath, ['-e', '0'], { env: environment, cwd: '/' });
  const started = performance.now();
  const { stdout } = await run(process.execPath, ['-e', script(token)], { env: environment, cwd: '/' });
  const ended = performance.now();
  const measured = JSON.parse(stdout.trim().split('\n').at(-1)!) as Pick<ColdStart, 'loadMs' | 'firstAnswerMs' | 'secondAnswerMs'> & { readonly effects: string[] };
  if (measured.effects.join() !== 'Allow,Allow') throw new Error(`The authorizer answered ${measured.effects.join()}, expected two times Allow.`);
  const { effects: _, ...times } = measured;
  return { emptyMs: started - before, processMs: ended - started, ...times };
}

function script(token: string): string {
  const event = {
    type: 'REQUEST',
    httpMethod: 'POST',
    path: '/mcp/server-0',
    pathParameters: { server: 'server-0' },
    multiValueHeaders: { Authorization: [`Bearer ${token}`] },
    methodArn: 'arn:aws:execute-api:eu-central-1:123456789012:api/v1/POST/mcp/server-0',
    requestContext: { requestId: 'r', identity: { sourceIp: '203.0.113.9' } },
  };
  return `
    const event = ${JSON.stringify(event)};
    const at = [performance.now()];
    const { handler } = require(${JSON.stringify(BUNDLE)});
    at.push(performance.now());
    (async () => {
      const first = await handler(event);
      at.push(performance.now());
      const second = await handler(event);
      at.push(performance.now());
      const effects = [first, second].map((answer) => answer.policyDocument.Statement[0].Effect);
      console.log(JSON.stringify({ loadMs: at[1] - at[0], firstAnswerMs: at[2] - at[1], secondAnswerMs: at[3] - at[2], effects }));
      process.exit(0);
    })();`;
}

/** Amazon Verified Permissions as far as the authorizer reads it: pages of policies, and their statements. */
async function startStore(policies: Readonly<Record<string, string>>): Promise<Server> {
  const ids = Object.keys(policies);
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const input = JSON.parse(Buffer.concat(parts).toString() || '{}') as { readonly nextToken?: string; readonly requests?: readonly { readonly policyId: string }[] };
      const answer = String(request.headers['x-amz-target']).endsWith('.ListPolicies') ? page(ids, Number(input.nextToken ?? 0)) : statements(policies, input.requests ?? []);
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const PAGE = 50;
const COMMON = { policyStoreId: 'store', policyType: 'STATIC', createdDate: '2026-01-01T00:00:00Z', lastUpdatedDate: '2026-01-01T00:00:00Z' };

function page(ids: readonly string[], start: number) {
  const policies = ids.slice(start, start + PAGE).map((policyId) => ({ ...COMMON, policyId, definition: { static: {} } }));
  return start + PAGE < ids.length ? { policies, nextToken: String(start + PAGE) } : { policies };
}

function statements(policies: Readonly<Record<string, string>>, requests: readonly { readonly policyId: string }[]) {
  return { results: requests.map(({ policyId }) => ({ ...COMMON, policyId, definition: { static: { statement: policies[policyId] } } })), errors: [] };
}

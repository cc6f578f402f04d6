/** The services of AWS that a gateway in a container asks, on this machine; each can go away or fall silent. */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { createApprovalLog, createHeadVerifier, createToolRegistry, keyIdOf } from '../../lambda/integrity';
import type { JsonObject } from '../../lambda/protocol';
import { createDynamoDbStore, ensureTable } from '../../lambda/stores/aws-dynamodb-store';

/** `store`: DynamoDB, with the registry of tools, the grants and their kill switch. */
export const SERVICES = ['secrets', 'policies', 'keys', 'store'] as const;
export type Service = (typeof SERVICES)[number];

/** `away`: the connection is cut before an answer. `silent`: it stays open, and no answer comes. */
export type ServiceState = 'there' | 'away' | 'silent';

export interface Cloud {
  /** What the AWS SDK of a process has to know of it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Requests that each service got. */
  readonly asked: Readonly<Record<Service, number>>;
  set(service: Service, state: ServiceState): void;
  /** Takes note of tools in the registry, and approves them. */
  approve(server: string, tools: readonly JsonObject[]): Promise<void>;
  close(): Promise<void>;
}

export interface CloudOptions {
  /** Cedar, one statement each. */
  readonly policies: readonly string[];
}

export const REGISTRY_TABLE = 'tools';
export const GRANTS_TABLE = 'grants';

const SERVICE_OF: Readonly<Record<string, Service>> = { secretsmanager: 'secrets', VerifiedPermissions: 'policies', TrentService: 'keys', DynamoDB_20120810: 'store' };

export async function startCloud({ policies }: CloudOptions): Promise<Cloud> {
  const states: Record<Service, ServiceState> = { secrets: 'there', policies: 'there', keys: 'there', store: 'there' };
  const asked: Record<Service, number> = { secrets: 0, policies: 0, keys: 0, store: 0 };
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const database = dynalite({ createTableMs: 0 });
  const [answerStore] = database.listeners('request') as RequestListener[];
  const server = createServer((request, response) => {
    const [prefix = '', operation = ''] = String(request.headers['x-amz-target']).split('.');
    const service = SERVICE_OF[prefix];
    if (service === undefined) return void response.writeHead(404).end();
    asked[service] += 1;
    if (states[service] === 'away') return void request.socket.destroy();
    if (states[service] === 'silent') return;
    if (service === 'store') return answerStore!(request, response);
    void answerJson(request, response, (input) => {
      if (service === 'secrets') return { SecretString: 'a secret of the bench, long enough to make keys of' };
      if (service === 'keys') return { PublicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') };
      return operation === 'ListPolicies' ? listOf(policies) : statementsOf(policies, input);
    });
  });
  const url = await listen(server);
  const environment = { AWS_ENDPOINT_URL: url, AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' };
  const client = new DynamoDBClient({ endpoint: url, region: 'eu-central-1', credentials: { accessKeyId: 'none', secretAccessKey: 'none' } });
  await ensureTable(client, REGISTRY_TABLE);
  await ensureTable(client, GRANTS_TABLE);

  return {
    environment,
    asked,
    set(service, state) {
      states[service] = state;
      // What hangs on an open connection is cut, as when a service comes back.
      if (state !== 'silent') server.closeAllConnections();
    },
    async approve(name, tools) {
      const registry = registryWith(client, publicKey, privateKey);
      for (const tool of tools) {
        const { id } = await registry.observe({ server: name, tool: String(tool.name) }, tool, 'bench');
        await registry.approve(id, { by: 'bench', why: 'the bench calls it' });
      }
    },
    async close() {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function registryWith(client: DynamoDBClient, publicKey: KeyObject, privateKey: KeyObject) {
  const store = createDynamoDbStore(client, REGISTRY_TABLE);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const log = createApprovalLog({ store, verify: createHeadVerifier([pem]), signer: { keyId: keyIdOf(publicKey), sign: async (bytes) => sign('sha256', bytes, privateKey) } });
  return createToolRegistry({ store, log, policy: { twoPersons: 'never' }, scan: () => ({ verdict: 'approve', score: 0, findings: [] }) });
}

const COMMON = { policyStoreId: 'store', policyType: 'STATIC', createdDate: '2026-01-01T00:00:00Z', lastUpdatedDate: '2026-01-01T00:00:00Z' };

function listOf(policies: readonly string[]): object {
  return { policies: policies.map((_, index) => ({ ...COMMON, policyId: `policy-${index}`, definition: { static: {} } })) };
}

function statementsOf(policies: readonly string[], { requests = [] }: { readonly requests?: readonly { readonly policyId: string }[] }): object {
  const statement = (policyId: string) => policies[Number(policyId.slice('policy-'.length))];
  return { results: requests.map(({ policyId }) => ({ ...COMMON, policyId, definition: { static: { statement: statement(policyId) } } })), errors: [] };
}

async function answerJson(request: IncomingMessage, response: ServerResponse, answer: (input: JsonObject) => object): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer(JSON.parse(Buffer.concat(parts).toString() || '{}') as JsonObject)));
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

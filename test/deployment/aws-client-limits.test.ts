import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { VerifiedPermissionsClient } from '@aws-sdk/client-verifiedpermissions';
import { CLIENT_LIMITS } from '../../lambda/deployment/aws-client-limits';
import { createKillSwitch } from '../../lambda/grants';
import { createMarkStore } from '../../lambda/grants/marks';
import { createStoreDecisionPoint, createStorePolicySource } from '../../lambda/authorization/aws-policy-store';
import { createDynamoDbStore } from '../../lambda/stores/aws-dynamodb-store';

/** A service that takes every connection and never says anything. */
describe('a silent service', () => {
  const sockets = new Set<Socket>();
  let server: Server;
  let own: object;
  beforeAll(async () => {
    server = createServer((socket) => void sockets.add(socket.on('error', () => socket.destroy())));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    own = { ...CLIENT_LIMITS, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, region: 'local', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test('CV-1 TBL-1 policies that cannot be read are no decision, and not a request that waits for ever', async () => {
    const client = new VerifiedPermissionsClient(own);
    const point = createStoreDecisionPoint(createStorePolicySource({ client, policyStoreId: 'store' }));
    const principal = { type: 'User', id: 'alice', issuer: 'https://idp.example', groups: [], scopes: [] } as const;
    const decision = await point.decide({ principal, server: 'files', operation: { kind: 'connect' }, context: { now: 0, protocolVersion: '2026-07-28' } } as never);
    expect(decision).toMatchObject({ effect: 'deny', reason: 'unavailable' });
    client.destroy();
  });

  test('JIT-4 TBL-1 a kill switch that cannot be read refuses, and the request that asked does not wait for ever', async () => {
    const client = new DynamoDBClient(own);
    const killSwitch = createKillSwitch({ marks: createMarkStore(createDynamoDbStore(client, 'grants')) });
    await killSwitch.current();
    expect(killSwitch.blockOf({ type: 'User', id: 'alice', issuer: 'https://idp.example' } as never, 'files')).toEqual({ kind: 'unreadable' });
    killSwitch.close();
    client.destroy();
  });
});

/** Replicas of the gateway behind one balancer, told what their tasks or pods are told. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JSONWebKeySet } from 'jose';
import { freePort } from '../child-process';
import { ROOT } from '../install';
import { startBalancer, untilReady, type Balancer } from './balancer';
import { startCloud, type Cloud, type CloudOptions } from './cloud';
import { createReplica, type Replica } from './replica';

export interface GroupOptions extends CloudOptions {
  /** Names the folder under `.bench/` where logs are written. */
  readonly name: string;
  readonly replicas: number;
  /** As `MCP_SERVERS` has them. */
  readonly servers: readonly { readonly name: string; readonly url: string; readonly clientCapabilities?: readonly string[] }[];
  readonly issuer: { readonly issuer: string; readonly jwks: JSONWebKeySet };
  /** Done before the replicas start. @default - nothing */
  readonly prepare?: (cloud: Cloud) => Promise<void>;
  /** Other variables of the containers. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Group {
  readonly cloud: Cloud;
  readonly balancer: Balancer;
  readonly replicas: readonly Replica[];
  /** Where clients reach a server. */
  url(server: string): string;
  close(): Promise<void>;
}

/** Starts the services, the balancer and the replicas, and waits until those are ready. */
export async function startGroup({ name, replicas: count, servers, issuer, policies, prepare, environment }: GroupOptions): Promise<Group> {
  const home = join(ROOT, '.bench', name);
  rmSync(home, { recursive: true, force: true });
  const cloud = await startCloud({ policies });
  await prepare?.(cloud);
  const ports: number[] = [];
  for (let index = 0; index < count; index += 1) ports.push(await freePort());
  const balancer = await startBalancer(ports);
  const origin = `http://127.0.0.1:${balancer.port}`;
  const replicas = ports.map((port, index) =>
    createReplica({
      name: `replica-${index}`,
      home,
      port,
      environment: {
        MCP_PUBLIC_URL: origin,
        MCP_ISSUERS: JSON.stringify([issuer]),
        MCP_POLICY_STORE_ID: 'store',
        MCP_DECISION_MODE: 'in-process',
        MCP_POLICY_REFRESH_SECONDS: '1',
        MCP_SERVERS: JSON.stringify(servers),
        MCP_KEY_SECRET_ARN: 'key',
        MCP_MAX_BODY_BYTES: '1048576',
        MCP_TRANSPORT: 'plain',
        MCP_PROXIES: '1',
        MCP_LEAVE_SECONDS: '1',
        MCP_DRAIN_SECONDS: '5',
        ...cloud.environment,
        ...environment,
      },
    }),
  );
  for (const replica of replicas) replica.start();
  await Promise.all(replicas.map((replica) => replica.ready()));
  await untilReady(balancer);
  return {
    cloud,
    balancer,
    replicas,
    url: (server) => `${origin}/mcp/${server}`,
    async close() {
      await Promise.all(replicas.map((replica) => replica.kill()));
      await balancer.close();
      await cloud.close();
    },
  };
}

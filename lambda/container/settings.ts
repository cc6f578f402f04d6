import { readProxySettings, type ProxySettings } from '../deployment/settings';
import type { Environment } from '../deployment/environment';

/** What the gateway's container is told by its environment, besides what the proxy function is told. */
export interface ContainerSettings {
  readonly gateway: ProxySettings;
  /** TCP port. */
  readonly port: number;
  /** How the container speaks: with a certificate of its own making, or without TLS where the network in front of it encrypts. */
  readonly transport: 'tls' | 'plain';
  /** How many proxies in front of the container append to `X-Forwarded-For`; 0 believes nothing of it. */
  readonly proxies: number;
  /** After how long all servers are asked again what they offer, where there is a registry, milliseconds; 0 for never. */
  readonly discoveryMs: number;
  /** How long a stopping container serves on while the load balancer learns of it, milliseconds. */
  readonly leaveMs: number;
  /** How long what is open then may still take, milliseconds. */
  readonly drainMs: number;
}

/** @throws Error that names the variable, when one is missing or is not what it should be: the container must not start */
export function readContainerSettings(environment: Environment): ContainerSettings {
  const transport = environment.MCP_TRANSPORT ?? 'tls';
  if (transport !== 'tls' && transport !== 'plain') throw new Error('MCP_TRANSPORT must be tls or plain');
  return {
    gateway: readProxySettings(environment),
    port: whole(environment, 'MCP_PORT', 8443, 65_535),
    transport,
    proxies: whole(environment, 'MCP_PROXIES', 1, 10),
    discoveryMs: whole(environment, 'MCP_DISCOVERY_MINUTES', 0, 10_080) * 60_000,
    leaveMs: whole(environment, 'MCP_LEAVE_SECONDS', 10, 60) * 1000,
    drainMs: whole(environment, 'MCP_DRAIN_SECONDS', 45, 110) * 1000,
  };
}

function whole(environment: Environment, name: string, absent: number, most: number): number {
  const value = Number(environment[name] ?? absent);
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new Error(`the environment variable ${name} must be a whole number from 0 to ${most}`);
}

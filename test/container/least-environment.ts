import { createDemoIssuer } from '../../lambda/identity';

/** What a container has to be told to serve on a port of this machine; `MCP_SERVERS` says what. */
export async function leastEnvironment(port: number): Promise<Record<string, string>> {
  const { issuer, jwks } = await createDemoIssuer({ issuer: 'https://idp.example' });
  return {
    NODE_NO_WARNINGS: '1',
    MCP_PUBLIC_URL: `http://127.0.0.1:${port}`,
    MCP_ISSUERS: JSON.stringify([{ issuer, jwks }]),
    MCP_POLICY_STORE_ID: 'store',
    MCP_DECISION_MODE: 'in-process',
    MCP_POLICY_REFRESH_SECONDS: '60',
    MCP_KEY_SECRET_ARN: 'key',
    MCP_MAX_BODY_BYTES: '65536',
    MCP_PORT: String(port),
    MCP_TRANSPORT: 'plain',
  };
}

import fc from 'fast-check';
import { classifyInboundRequest, createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { checkModern, classify, Refusal } from '../../../lambda/gateway/inbound';
import type { JsonObject } from '../../../lambda/protocol';

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const version = fc.constantFrom('2026-07-28', '2025-11-25', '2027-01-01', '2024-11-05');
const method = fc.constantFrom('tools/list', 'tools/call', 'server/discover', 'ping', 'initialize', 'resources/subscribe', 'no/such');

const meta = fc.record(
  {
    [VERSION]: fc.oneof({ weight: 4, arbitrary: version }, fc.constant(7)),
    [CAPABILITIES]: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, fc.constant('none')),
    'io.modelcontextprotocol/logLevel': fc.constantFrom('info', 'loud'),
  },
  { requiredKeys: [] },
);
const posted = fc.record({
  headers: fc.record({ 'mcp-protocol-version': version, 'mcp-method': method, 'mcp-name': fc.constantFrom('echo', 'other') }, { requiredKeys: [] }),
  body: fc.record({ method, params: fc.record({ _meta: meta, name: fc.constant('echo') }, { requiredKeys: ['_meta', 'name'] }) }).map((request): JsonObject => ({ jsonrpc: '2.0', id: 1, ...(request as unknown as JsonObject) })),
});

describe('agreement with the official server', () => {
  it('GW-1 tells the eras apart as the official server does, and refuses with the same codes', () => {
    fc.assert(
      fc.property(posted, ({ headers, body }) => {
        const theirs = classifyInboundRequest({ httpMethod: 'POST', protocolVersionHeader: headers['mcp-protocol-version'], mcpMethodHeader: headers['mcp-method'], mcpNameHeader: headers['mcp-name'], body });
        const reader = new Headers(headers as Record<string, string>);
        const classified = classify(reader, body);
        if (theirs.kind === 'legacy') {
          expect(classified).toMatchObject({ era: 'legacy' });
          return;
        }
        const ours = classified instanceof Refusal || 'batch' in classified || classified.era === 'legacy' ? classified : checkModern(reader, classified.message as never);
        if (theirs.kind === 'reject') expect(ours).toMatchObject({ status: theirs.httpStatus, error: { code: theirs.code } });
        else expect(ours === undefined || (ours instanceof Refusal && ours.error.code !== -32600)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('GW-1 answers a modern request with the status and code of the official server', async () => {
    const official = createMcpHandler(() => {
      const server = new McpServer({ name: 'official', version: '1' });
      server.registerTool('echo', {}, () => ({ content: [] }));
      return server;
    });
    await fc.assert(
      fc.asyncProperty(posted, async ({ headers, body }) => {
        const reader = new Headers({ ...(headers as Record<string, string>), 'content-type': 'application/json', accept: 'application/json, text/event-stream' });
        const classified = classify(reader, body);
        if (classified instanceof Refusal || 'batch' in classified || classified.era === 'legacy') return;
        const response = await official.fetch(new Request('http://127.0.0.1/mcp', { method: 'POST', headers: reader, body: JSON.stringify(body) }));
        const text = await response.text();
        const answer = JSON.parse(text.startsWith('{') ? text : (/^data: (\{.*)$/m.exec(text)?.[1] ?? '{}')) as { error?: { code: number } };
        const ours = checkModern(reader, classified.message as never);
        if (ours === undefined) expect(answer.error).toBeUndefined();
        // The official server ignores a name where the method has none.
        else if (ours.error.message.includes('the method has no name')) expect(headers['mcp-name']).toBeDefined();
        else expect([ours.status, ours.error.code]).toEqual([response.status, answer.error?.code]);
      }),
      { numRuns: 300 },
    );
    await official.close();
  });
});

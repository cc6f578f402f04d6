/** The image as `npm run image:rootfs` assembles it, run under bubblewrap with the restrictions of a pod. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { freePort } from '../bench/child-process';
import { startCloud, type Cloud } from '../bench/replicas/cloud';
import { createDemoIssuer } from '../lambda/identity';
import { modernServer, startUpstream, type FakeUpstream } from '../test/gateway/fixtures/upstream';

const ROOT = join(__dirname, '..');
const IMAGE = join(ROOT, '.bench', 'image');
const ROOTFS = join(IMAGE, 'rootfs');

interface Sandbox {
  readonly sandboxArguments: (options: { rootfs: string; run: object; environment?: Record<string, string>; command?: readonly string[] }) => string[];
}
/** The scripts are ES modules, which Jest would read as CommonJS: another Node.js reads them. */
function sandboxOf(environment: Record<string, string>, command?: readonly string[]): string[] {
  const module = (name: string) => pathToFileURL(join(ROOT, 'scripts', 'image', name)).href;
  const script = `
    const { sandboxArguments } = await import(${JSON.stringify(module('sandbox.mjs'))});
    const { readDockerfile } = await import(${JSON.stringify(module('dockerfile.mjs'))});
    const options = ${JSON.stringify({ rootfs: ROOTFS, environment, command } satisfies Omit<Parameters<Sandbox['sandboxArguments']>[0], 'run'>)};
    console.log(JSON.stringify(sandboxArguments({ run: readDockerfile(${JSON.stringify(join(ROOT, 'Dockerfile'))}), ...options })));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })) as string[];
}

/** What a program of the image sees and may do, by its own word. */
function insideOf(script: string): unknown {
  return JSON.parse(execFileSync('bwrap', sandboxOf({}, ['/nodejs/bin/node', '-p', `JSON.stringify((() => { ${script} })())`]), { encoding: 'utf8' }));
}

interface Component {
  readonly 'bom-ref': string;
  readonly group?: string;
  readonly name: string;
  readonly hashes: readonly { readonly content: string }[];
}

const files = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)]));

describe('the root file system', () => {
  test('SC-3 is the same, to the byte, when it is assembled again', () => {
    const folder = mkdtempSync(join(tmpdir(), 'image-'));
    const assemble = (out: string) => execFileSync(process.execPath, [join(ROOT, 'scripts', 'rootfs.mjs'), '--out', out], { encoding: 'utf8', env: { ...process.env, TZ: 'Pacific/Auckland', UMASK: '077' } });
    const [first, second] = [assemble(join(folder, 'a')), assemble(join(folder, 'b'))];
    rmSync(folder, { recursive: true, force: true });
    const digests = (text: string) => text.match(/sha256:[0-9a-f]{64}/g);
    expect(digests(first)).toHaveLength(3);
    expect(digests(second)).toEqual(digests(first));
    expect(JSON.parse(readFileSync(join(IMAGE, 'oci', 'index.json'), 'utf8')).manifests[0].digest).toBe(digests(first)![0]);
  });

  test('CON-1 PUB-3 holds Node.js, its libraries and the bundle, no shell and no package manager, and nothing that could be written', () => {
    const paths = files(ROOTFS).map((path) => relative(ROOTFS, path));
    expect(paths.filter((path) => !/^(lib|lib64|usr\/lib)\//.test(path)).sort()).toEqual([
      'etc/group', 'etc/nsswitch.conf', 'etc/passwd', 'etc/ssl/certs/ca-certificates.crt',
      'gateway/cedar_wasm_bg.wasm', 'gateway/encoder.json', 'gateway/index.js', 'gateway/index.js.LEGAL.txt', 'gateway/probe.js', 'gateway/sbom.cdx.json', 'nodejs/bin/node',
    ].sort());
    expect(paths.filter((path) => /^(lib|lib64|usr\/lib)\//.test(path) && !/\.so(\.\d+)*$/.test(path))).toEqual([]);
    // No writing for anybody, and no set-user-id.
    expect(files(ROOTFS).filter((path) => (statSync(path).mode & 0o7222) !== 0)).toEqual([]);
  });

  test('is an OCI image of one layer whose digests are right, and that says who runs it', () => {
    const blob = (digest: string) => readFileSync(join(IMAGE, 'oci', 'blobs', ...digest.split(':')));
    const json = (digest: string) => JSON.parse(blob(digest).toString());
    for (const name of readdirSync(join(IMAGE, 'oci', 'blobs', 'sha256'))) expect(createHash('sha256').update(blob(`sha256:${name}`)).digest('hex')).toBe(name);
    const [image, bill] = JSON.parse(readFileSync(join(IMAGE, 'oci', 'index.json'), 'utf8')).manifests;
    const { config, layers } = json(image.digest);
    expect(json(config.digest)).toMatchObject({ os: 'linux', config: { User: '65532:65532', Entrypoint: ['/nodejs/bin/node'], StopSignal: 'SIGTERM' }, rootfs: { diff_ids: [layers[0].digest] } });
    expect(json(bill.digest)).toMatchObject({ artifactType: 'application/vnd.cyclonedx+json', subject: { digest: image.digest } });
    const listed = execFileSync('tar', ['-t', '-v', '--numeric-owner', '-f', '-'], { input: blob(layers[0].digest), encoding: 'utf8', maxBuffer: 2 ** 28 }).trim().split('\n');
    expect(listed).toHaveLength(files(ROOTFS).length + listed.filter((line) => line.startsWith('d')).length);
    expect(listed.filter((line) => !/^[d-]r-[-x]r-[-x]r-[-x] 0\/0 .* 1970-01-01/.test(line))).toEqual([]);
  });

  test('SC-3 has a bill of materials with each package in the bundle, as the lock file has it, Node.js and each library', () => {
    const bill = JSON.parse(readFileSync(join(IMAGE, 'sbom.cdx.json'), 'utf8'));
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', metadata: { component: { type: 'container' } } });
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
    const byName = new Map((bill.components as Component[]).map((component) => [[component.group, component.name].filter(Boolean).join('/'), component]));
    const refs = (bill.components as Component[]).map((component) => component['bom-ref']);
    for (const name of ['@cedar-policy/cedar-wasm', '@aws-sdk/client-dynamodb', 'jose', 'undici', 'pino']) {
      const { version, integrity } = lock[`node_modules/${name}`];
      expect(byName.get(name)).toMatchObject({ version, hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.slice(7), 'base64').toString('hex') }] });
    }
    expect(byName.get('node')?.hashes[0]?.content).toBe(createHash('sha256').update(readFileSync(join(ROOTFS, 'nodejs', 'bin', 'node'))).digest('hex'));
    for (const path of files(ROOTFS).filter((name) => name.includes('.so'))) expect(refs).toContain(`file:/${relative(ROOTFS, path)}`);
    // Nothing that only builds or tests.
    for (const name of ['jest', 'esbuild', 'typescript', 'aws-cdk-lib', 'dynalite']) expect(byName.has(name)).toBe(false);
    // Every part is one that the bill says the image depends on.
    expect(bill.dependencies[0].dependsOn).toEqual(refs);
  });
});

describe('inside', () => {
  test('CON-2 a process is not root, has no capabilities, and can gain none', () => {
    const status = insideOf(`
      const status = Object.fromEntries(require('fs').readFileSync('/proc/self/status', 'utf8').split('\\n').map((line) => line.split(':\\t')));
      const attempt = (act) => { try { act(); return 'done'; } catch (error) { return error.code; } };
      return { uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), root: attempt(() => process.setuid(0)),
        capabilities: ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map((name) => status[name]), newPrivileges: status.NoNewPrivs };`);
    expect(status).toEqual({ uid: 65532, gid: 65532, groups: expect.not.arrayContaining([0]), root: expect.stringMatching(/EPERM|EINVAL/), capabilities: Array(5).fill('0000000000000000'), newPrivileges: '1' });
  });

  test('CON-1 nothing can be written anywhere', () => {
    const places = ['/', '/gateway', '/etc', '/tmp', '/nodejs/bin', '/dev', '/proc', '/dev/shm'];
    const outcome = insideOf(`
      const { writeFileSync } = require('fs');
      return ${JSON.stringify(places)}.map((place) => { try { writeFileSync(place + '/x', 'x'); return place; } catch (error) { return error.code; } });`) as string[];
    expect(outcome.filter((code) => !['EROFS', 'EACCES', 'ENOENT', 'EPERM'].includes(code))).toEqual([]);
  });

  test('PUB-3 there is nothing to run but Node.js, and no other process to see', () => {
    const found = insideOf(`
      const { spawnSync } = require('child_process');
      const { readdirSync } = require('fs');
      return { shells: ['/bin/sh', '/bin/bash', '/usr/bin/env', 'apt', 'npm', 'curl', 'wget'].map((name) => spawnSync(name).error?.code), processes: readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)) };`);
    expect(found).toEqual({ shells: Array(7).fill('ENOENT'), processes: ['1'] });
  });
});

describe('the gateway', () => {
  let cloud: Cloud;
  let upstream: FakeUpstream;
  let container: ChildProcess;
  let pid: number;
  let port: number;
  let token: string;
  const log: string[] = [];

  beforeAll(async () => {
    cloud = await startCloud({ policies: ['permit (principal, action, resource);'] });
    upstream = await startUpstream(modernServer([{ name: 'read', inputSchema: { type: 'object' } }]));
    port = await freePort();
    const publicUrl = `https://127.0.0.1:${port}`;
    const issuer = await createDemoIssuer({ issuer: 'https://idp.example' });
    token = await issuer.mint({ subject: 'alice', audience: `${publicUrl}/mcp/files` });
    const environment = {
      MCP_PUBLIC_URL: publicUrl,
      MCP_ISSUERS: JSON.stringify([{ issuer: issuer.issuer, jwks: issuer.jwks }]),
      MCP_POLICY_STORE_ID: 'store',
      MCP_DECISION_MODE: 'in-process',
      MCP_POLICY_REFRESH_SECONDS: '60',
      MCP_SERVERS: JSON.stringify([{ name: 'files', url: upstream.url }]),
      MCP_KEY_SECRET_ARN: 'key',
      MCP_MAX_BODY_BYTES: '65536',
      MCP_PORT: String(port),
      MCP_PROXIES: '0',
      MCP_LEAVE_SECONDS: '0',
      MCP_DRAIN_SECONDS: '5',
      ...cloud.environment,
    };
    container = spawn('bwrap', ['--info-fd', '3', ...sandboxOf(environment)], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    createInterface({ input: container.stdout! }).on('line', (line) => log.push(line));
    let info = '';
    for await (const piece of container.stdio[3] as Readable) if ((info += String(piece)).includes('}')) break;
    pid = JSON.parse(info)['child-pid'];
    while (container.exitCode === null && (await ask('/readyz').catch(() => ({ status: 0 }))).status !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
  });

  afterAll(async () => {
    container.kill('SIGKILL');
    await upstream.close();
    await cloud.close();
  });

  function ask(path: string, init: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const sent = httpsRequest({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false, ...init }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (piece: string) => (text += piece)).once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      });
      sent.once('error', reject).end(init.body);
    });
  }

  const call = () =>
    ask('/mcp/files', {
      method: 'POST',
      headers: { 'authorization': `Bearer ${token}`, 'content-type': 'application/json', 'accept': 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'read' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read', arguments: {}, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' } } } }),
    });

  test('CON-1 CON-2 serves calls under these restrictions, and records them', async () => {
    const answer = await call();
    expect([answer.status, JSON.parse(answer.text).result]).toEqual([200, expect.anything()]);
    expect(log.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'audit')).toEqual([expect.objectContaining({ decision: 'allow', server: 'files', target: 'read' })]);
    expect((await ask('/healthz')).status).toBe(200);
  });

  test('CON-2 its own process is the one that is restricted, seen from outside', () => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    expect(status).toMatch(/^CapEff:\t0{16}$/m);
    expect(status).toMatch(/^CapBnd:\t0{16}$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim()).toMatch(/^65532\s+\d+\s+1$/);
    const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trim().split('\n').map((line) => line.split(' '));
    expect(mounts.filter(([, , , , place]) => place === '/').map(([, , , , , options]) => options!.split(',')[0])).toEqual(['ro']);
  });

  test('TBL-1 ends on SIGTERM with what it has served, and exit code 0', async () => {
    const ended = once(container, 'exit');
    process.kill(pid, 'SIGTERM');
    expect((await ended)[0]).toBe(0);
    await expect(ask('/healthz')).rejects.toThrow();
  });
});

import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import type { ControlPlanePrograms } from './build';

/** What the API server said. */
export interface ApiAnswer {
  readonly status: number;
  readonly message: string;
  readonly body: unknown;
}

/** A kube-apiserver with its etcd, which answers at an address of this machine to whoever started it. */
export interface ControlPlane {
  /** @param group in whose name it is asked, by somebody who is in no other. @default - by who may do everything */
  call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, group?: string): Promise<ApiAnswer>;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 120_000;

/** @throws Error with the last line of what a program said that ended, or took too long */
export async function startControlPlane({ etcd, apiServer }: ControlPlanePrograms): Promise<ControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), 'control-plane-'));
  const token = randomBytes(32).toString('hex');
  const [client, peer, secure] = [await freePort(), await freePort(), await freePort()];
  const account = join(folder, 'account.pem');
  writeFileSync(account, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(join(folder, 'tokens.csv'), `${token},check,check,system:masters\n`, { mode: 0o600 });
  const etcdUrl = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const processes = [
    start(etcd, ['--data-dir', join(folder, 'data'), '--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl, '--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `default=${peerUrl}`, '--unsafe-no-fsync']),
    start(apiServer, [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${secure}`,
      `--cert-dir=${join(folder, 'certificates')}`,
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
      '--authorization-mode=RBAC',
      // As clusters have it whose own agents are privileged: what refuses it is then not the server itself.
      '--allow-privileged=true',
      '--service-cluster-ip-range=10.100.0.0/24',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${account}`,
      `--service-account-signing-key-file=${account}`,
    ]),
  ];
  const stop = async () => {
    await Promise.all(processes.reverse().map(({ child, ended }) => (child.kill('SIGKILL'), ended)));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const certificate = join(folder, 'certificates', 'apiserver.crt');
    const until = Date.now() + START_LIMIT_MS;
    let call: ControlPlane['call'] | undefined;
    while (!call || (await call('GET', '/readyz').catch(() => ({ status: 0 }))).status !== 200) {
      const dead = processes.find(({ child }) => child.exitCode !== null);
      if (dead || Date.now() > until) throw new Error(`${dead ? 'the control plane ended' : 'the control plane is not ready'}: ${(dead ?? processes[1]!).said()}`);
      if (existsSync(certificate)) call ??= caller(`https://127.0.0.1:${secure}`, token, certificate);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return { call, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function start(program: string, argv: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<void>; said(): string } {
  const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr!.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-2_000)));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return { child, ended, said: () => said.trim().split('\n').at(-1) ?? '' };
}

function caller(origin: string, token: string, certificate: string): ControlPlane['call'] {
  // The server made its certificate itself, so it is the authority.
  const dispatcher = new Agent({ connect: { ca: readFileSync(certificate) } });
  return async (method, path, body, group) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await request(`${origin}${path}`, { method, dispatcher, headers: { authorization: `Bearer ${token}`, ...(group !== undefined && { 'impersonate-user': 'somebody', 'impersonate-group': group }), ...(body !== undefined && { 'content-type': type }) }, ...(body !== undefined && { body: JSON.stringify(body) }) });
    const text = await answer.body.text();
    const json = text.startsWith('{') ? (JSON.parse(text) as { readonly message?: string }) : undefined;
    return { status: answer.statusCode, message: json?.message ?? text, body: json };
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

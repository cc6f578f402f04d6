import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = join(__dirname, '..', '..', 'dist', 'bin', 'mcp-zero-trust.js');
const ZONE = join(__dirname, '..', 'network', 'fixtures', 'zone.yaml');
const FLAT = join(__dirname, '..', '..', 'range', 'templates', 'flat.yaml');

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'verify-'))));
afterAll(() => rmSync(folder, { recursive: true }));

async function verify(...args: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [SCRIPT, 'verify', 'network', ...args]);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

describe('verify network', () => {
  test('NET-1 assertions that hold end with 0, and each is named', async () => {
    const { code, stdout } = await verify(ZONE, '--deny', 'servers -> internet', '--deny', 'internet -> *');
    expect(stdout).toContain('holds   servers -> internet\nholds   internet -> *');
    expect(stdout).toContain('limited  allowed domains  [api.example.com: tcp 443]');
    expect(code).toBe(0);
  });

  test('NET-1 an assertion that does not hold ends with 1, and says which way is open', async () => {
    const { code, stdout } = await verify(FLAT, '--deny', 'servers -> internet:tcp');
    expect(stdout).toContain('BROKEN  servers -> internet:tcp\n          Server -> internet, TCP: open [tcp all ports]');
    expect(code).toBe(1);
  });

  test('--diff shows what a change opened, and ends with 1', async () => {
    const changed = join(folder, 'zone.yaml');
    cpSync(ZONE, changed);
    writeFileSync(changed, readFileSync(changed, 'utf8').replaceAll('[443]', '[443,8443]').replaceAll('SecurityGroupEgress: [{ IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0 }]', 'SecurityGroupEgress: [{ IpProtocol: "-1", CidrIp: 0.0.0.0/0 }]'));
    const opened = await verify('--diff', ZONE, changed);
    expect(opened.stdout).toContain('OPENS   Web -> allowed domains: limited to limited [api.example.com: tcp 443, 8443]');
    expect(opened.code).toBe(1);
    const same = await verify('--diff', ZONE, ZONE);
    expect(same).toMatchObject({ code: 0, stdout: 'Nothing that can be reached has changed.\n' });
  });

  test('--format json is for machines', async () => {
    const { stdout } = await verify(ZONE, '--format', 'json', '--deny', 'servers -> internet');
    const report = JSON.parse(stdout) as any;
    expect(report.assertions).toEqual([{ deny: 'servers -> internet', holds: true, brokenBy: [] }]);
    expect(report.cells.find((cell: any) => cell.from === 'zone/Web' && cell.to === 'domains')).toMatchObject({ verdict: 'limited', allows: ['api.example.com: tcp 443'] });
    expect(report.unknown).toEqual([]);
  });

  test('--format svg is a picture whose text cannot break out of it', async () => {
    const odd = join(folder, 'odd.yaml');
    writeFileSync(odd, readFileSync(FLAT, 'utf8').replace('  Server:', '  Server: # <script>\n   ').replace('Type: AWS::EC2::Instance, Properties', "Type: AWS::EC2::Instance, Metadata: { 'aws:cdk:path': 'flat/<script>&Server' }, Properties"));
    const { code, stdout } = await verify(odd, '--format', 'svg');
    expect(stdout).toMatch(/^<svg [^>]*viewBox/);
    expect(stdout).not.toContain('<script>');
    expect(stdout).toContain('&#60;script&#62;&#38;Server');
    expect(code).toBe(0);
  });

  const CLUSTER = join(__dirname, '..', 'network', 'fixtures', 'cluster.yaml');

  test('NET-2 reads manifests of Kubernetes: assertions that hold end with 0', async () => {
    const { code, stdout } = await verify(CLUSTER, '--deny', 'servers -> internet', '--deny', 'neighbours -> servers');
    expect(stdout).toContain('gateway/gateway  (deployment, gateway)');
    expect(stdout).toContain('limited  files/server  [tcp 8080]\n             by NetworkPolicy gateway/out: everything to every pod of every namespace\n                NetworkPolicy files/from-gateway: tcp 8080 (mcp) from every pod of namespaces kubernetes.io/metadata.name=gateway');
    expect(stdout).toContain('holds   servers -> internet\nholds   neighbours -> servers');
    expect(code).toBe(0);
  });

  test('NET-2 says which policy opens a cluster, and ends with 1, also of a change', async () => {
    const changed = join(folder, 'cluster');
    mkdirSync(changed, { recursive: true });
    cpSync(CLUSTER, join(changed, 'cluster.yaml'));
    writeFileSync(join(changed, 'more.yaml'), 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: more, namespace: files }\nspec: { podSelector: {}, policyTypes: [Egress], egress: [{ ports: [{ port: 443 }] }] }\n');
    const denied = await verify(changed, '--deny', 'servers -> internet:tcp');
    expect(denied.stdout).toContain('BROKEN  servers -> internet:tcp\n          files/server -> internet, TCP: open [tcp 443]\n            NetworkPolicy files/more: tcp 443 to anybody');
    expect(denied.code).toBe(1);
    const opened = await verify('--diff', CLUSTER, changed);
    expect(opened.stdout).toContain('OPENS   files/server -> internet, TCP: closed to open [tcp 443]');
    expect(opened.code).toBe(1);
  });

  test('NET-2 a manifest that no API server accepts, or a folder that holds templates too, ends with 2', async () => {
    const wrong = join(folder, 'wrong.yaml');
    writeFileSync(wrong, 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: x, namespace: y }\nspec: { podSelector: {}, policyTypes: [egress] }\n');
    expect(await verify(wrong)).toMatchObject({ code: 2, stderr: 'NetworkPolicy y/x has the policy type egress; expected Ingress or Egress\n' });
    const mixed = join(folder, 'mixed');
    mkdirSync(mixed);
    cpSync(CLUSTER, join(mixed, 'cluster.yaml'));
    cpSync(ZONE, join(mixed, 'zone.yaml'));
    expect(await verify(mixed)).toMatchObject({ code: 2, stderr: expect.stringContaining('name one of them') });
  });

  test.each([
    [['/does/not/exist'], /does not exist/],
    [[ZONE, '--deny', 'servers'], /no assertion/],
    [[ZONE, '--deny', 'nobody -> internet'], /nobody is called "nobody"/],
    [[ZONE, '--deny', 'servers -> moon'], /nobody is called "moon"/],
    [[ZONE, '--format', 'pdf'], /--format/],
    [[ZONE, '--parameter', 'x'], /name=value/],
  ])('ends with 2 and says what was expected: %j', async (args, message) => {
    const { code, stderr } = await verify(...(args as string[]));
    expect(stderr).toMatch(message as RegExp);
    expect(code).toBe(2);
  });
});

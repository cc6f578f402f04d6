import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments, parseDocument } from 'yaml';
import { run } from './command-line';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'manifests-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const DIGEST = `sha256:${'a'.repeat(64)}`;
const CLUSTER = `
gateway:
  image: registry.example.com/mcp-gateway@${DIGEST}
  publicUrl: https://mcp.example.com
  sources: [{ cidr: 10.1.0.0/16 }]
  podIdentity: true
  environment:
    MCP_ISSUERS: '[{"issuer":"https://login.example.com","jwks":"https://login.example.com/keys"}]'
    MCP_POLICY_STORE_ID: PSEXAMPLEabcdefg111111
    MCP_KEY_SECRET_ARN: arn:aws:secretsmanager:eu-west-1:123456789012:secret:mcp-key
servers:
  crm:
    image: registry.example.com/crm@${DIGEST}
    environment: { COUNTRY: 'no', ANSWER: 'on', OCTAL: '010', NUMBER: '1_000', BIG: '1e3' }
  files:
    image: registry.example.com/files@${DIGEST}
    executesCode: true
    sandbox: kata
    seccompProfile: profiles/files.json
`;

function config(text = CLUSTER, name = 'cluster.yaml'): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const manifests = (...args: string[]) => run(['manifests', ...args]);
const objectsOf = (text: string): any[] => parseAllDocuments(text, { version: '1.1' }).map((document: any) => document.toJS());

describe('mcp-zero-trust manifests', () => {
  it('writes plain YAML, the same each time, in the order to apply it in', async () => {
    const file = config();
    const [once, again] = [await manifests('-c', file), await manifests('--config', file)];
    expect(once).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toBe(once.stdout);
    const objects = objectsOf(once.stdout);
    expect(objects.slice(0, 3).map(({ kind, metadata }) => [kind, metadata.name])).toEqual([['Namespace', 'mcp-crm'], ['Namespace', 'mcp-files'], ['Namespace', 'mcp-gateway']]);
    expect(objects.at(-1).kind).toBe('PodDisruptionBudget');
    expect(objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'files').spec.template.spec).toMatchObject({ runtimeClassName: 'kata', securityContext: { seccompProfile: { localhostProfile: 'profiles/files.json' } } });
  });

  it('writes texts that Kubernetes reads as texts', async () => {
    const { stdout } = await manifests('-c', config());
    const { env } = objectsOf(stdout).find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'crm').spec.template.spec.containers[0];
    expect(Object.fromEntries(env.map(({ name, value }: any) => [name, value]))).toEqual({ COUNTRY: 'no', ANSWER: 'on', OCTAL: '010', NUMBER: '1_000', BIG: '1e3' });
  });

  it('reads JSON too', async () => {
    const json = config(JSON.stringify(parseDocument(CLUSTER).toJS()), 'cluster.json');
    expect((await manifests('-c', json)).stdout).toBe((await manifests('-c', config())).stdout);
  });

  it('writes a file for the cluster and one for each namespace, and takes away those that nothing is in any more', async () => {
    const out = join(folder, 'k8s');
    expect((await manifests('-c', config(), '--out', out)).stdout).toMatch(/: \d+ objects in 4 files: 00-cluster.yaml, mcp-crm.yaml, mcp-files.yaml, mcp-gateway.yaml\n$/);
    const cluster = objectsOf(readFileSync(join(out, '00-cluster.yaml'), 'utf8'));
    expect(new Set(cluster.map(({ kind }) => kind))).toEqual(new Set(['Namespace', 'RuntimeClass', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']));
    await manifests('-c', config(CLUSTER.replace(/ {2}files:[\s\S]*/, '')), '--out', out);
    expect(readdirSync(out).sort()).toEqual(['00-cluster.yaml', 'mcp-crm.yaml', 'mcp-gateway.yaml']);
  });

  it('does not write beside YAML of somebody else, which would be applied too', async () => {
    writeFileSync(join(folder, 'other.yml'), 'kind: Secret\n');
    const { code, stderr } = await manifests('-c', config(), '--out', folder);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/cluster.yaml|other.yml: was not written by this command, .*expected a folder of its own\n$/)]);
    expect(readdirSync(folder).sort()).toEqual(['cluster.yaml', 'other.yml']);
  });

  it.each<[string, string, string]>([
    ['SC-1 an image by tag', CLUSTER.replace(`crm@${DIGEST}`, 'crm:latest'), ':13:12: /servers/crm/image: expected an image by digest: "registry/repository@sha256:" and 64 hexadecimal digits\n'],
    ['a misspelt key', CLUSTER.replace('executesCode', 'executeCode'), ':17:5: /servers/files/executeCode: unknown key, did you mean "executesCode"?\n'],
    ['no servers', CLUSTER.replace(/servers:[\s\S]*/, 'servers: {}\n'), ': /servers: expected at least one server\n'],
    ['no gateway', CLUSTER.replace(/gateway:[\s\S]*(?=servers:)/, ''), 'the key "gateway" is missing\n'],
    ['a URL with a path', CLUSTER.replace('https://mcp.example.com', 'https://mcp.example.com/x'), ': /gateway/publicUrl: expected an origin that starts with https:// and has no path\n'],
    ['issuers that are none', CLUSTER.replace(/MCP_ISSUERS: .*/, 'MCP_ISSUERS: https://login.example.com'), ': /gateway/environment/MCP_ISSUERS: expected a JSON list of issuers in a string\n'],
    ['a mesh that lacks something', `${CLUSTER}mesh: { kind: istio-sidecar }\n`, ': /mesh: the key "proxyImage" is missing\n'],
    ['a mesh with too much', `${CLUSTER}mesh: { kind: none, serverAuthority: x, trustDomain: y }\n`, ': /mesh/trustDomain: does not go with the kind "none"\n'],
    ['a store without a name', `${CLUSTER}secretStore: { kind: external-secrets }\n`, ': /secretStore: the key "clusterSecretStore" is missing\n'],
    ['two signatures', `${CLUSTER}imageSignatures: { key: a, kmsKey: b }\n`, ': /imageSignatures: expected one of "key", "kmsKey" and "keyless"\n'],
    ['egress to everywhere', CLUSTER.replace('environment: { COUNTRY', 'egress: [{ cidrs: [0.0.0.0/0] }]\n    environment: { COUNTRY'), 'cluster.yaml: egress of the server "crm" has the address range "0.0.0.0/0", which is every address\n'],
    ['MUL-3 a secret in the environment', CLUSTER.replace('COUNTRY', 'API_TOKEN'), 'cluster.yaml: the server "crm" has the environment variable API_TOKEN, which is named like a secret: declare it under secrets\n'],
    ['what is not YAML', 'gateway: [', 'not valid JSON or YAML'],
  ])('refuses %s in one sentence', async (_what, text, sentence) => {
    const { code, stdout, stderr } = await manifests('-c', config(text));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(sentence);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('says that there is no such file, or no --config', async () => {
    expect(await manifests('-c', join(folder, 'none.yaml'))).toMatchObject({ code: 2, stderr: expect.stringMatching(/none.yaml: cannot be read \(ENOENT\)\n$/) });
    expect(await manifests()).toMatchObject({ code: 2, stderr: expect.stringContaining("required option '-c, --config <file>' not specified") });
  });

  it('makes something of the configuration in docs/cluster.md', async () => {
    const page = readFileSync(join(__dirname, '..', '..', 'docs', 'cluster.md'), 'utf8');
    const example = /```yaml\n([\s\S]*?)```/.exec(page)![1]!.replaceAll('sha256:...', DIGEST);
    expect(await manifests('-c', config(example))).toMatchObject({ code: 0, stderr: '' });
  });

  it('has help that says everything, with a configuration that works', async () => {
    const { code, stdout } = await manifests('--help');
    expect(code).toBe(0);
    for (const word of ['--config', '--out', 'kubectl apply', 'schema/manifests.schema.json', 'Exit codes:']) expect(stdout).toContain(word);
    const example = /cluster\.yaml:\n((?: {4}.*\n| {2}\w.*\n)+)/.exec(stdout)![1]!.replaceAll(/^ {2}/gm, '').replaceAll('sha256:<64 hexadecimal digits>', DIGEST);
    expect(await manifests('-c', config(example))).toMatchObject({ code: 0, stderr: '' });
  });
});

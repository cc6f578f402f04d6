import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments, parseDocument } from 'yaml';
import { manifestsOf, writeManifests, yamlOf } from '../../bin/manifests';
import { ConfigError, describeProblem } from '../../lambda/local';
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

/** What is said of a file that is refused. */
function refusalsOf(file: string): string[] {
  try {
    manifestsOf(file);
  } catch (error) {
    return error instanceof ConfigError ? error.problems.map((problem) => describeProblem(file, problem)) : [(error as Error).message];
  }
  return [];
}

const objectsOf = (text: string): any[] => parseAllDocuments(text, { version: '1.1' }).map((document: any) => document.toJS());

describe('mcp-zero-trust manifests', () => {
  it('writes plain YAML, the same each time, in the order to apply it in', async () => {
    const file = config();
    const once = await manifests('-c', file);
    expect(once).toMatchObject({ code: 0, stderr: '' });
    expect(yamlOf(manifestsOf(file))).toBe(once.stdout);
    const objects = objectsOf(once.stdout);
    expect(objects.slice(0, 3).map(({ kind, metadata }) => [kind, metadata.name])).toEqual([['Namespace', 'mcp-crm'], ['Namespace', 'mcp-files'], ['Namespace', 'mcp-gateway']]);
    expect(objects.at(-1).kind).toBe('PodDisruptionBudget');
    expect(objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'files').spec.template.spec).toMatchObject({ runtimeClassName: 'kata', securityContext: { seccompProfile: { localhostProfile: 'profiles/files.json' } } });
  });

  it('writes texts that Kubernetes reads as texts', () => {
    const { env } = objectsOf(yamlOf(manifestsOf(config()))).find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'crm').spec.template.spec.containers[0];
    expect(Object.fromEntries(env.map(({ name, value }: any) => [name, value]))).toEqual({ COUNTRY: 'no', ANSWER: 'on', OCTAL: '010', NUMBER: '1_000', BIG: '1e3' });
  });

  it('reads JSON too', () => {
    const json = config(JSON.stringify(parseDocument(CLUSTER).toJS()), 'cluster.json');
    expect(manifestsOf(json)).toEqual(manifestsOf(config()));
  });

  it('writes a file for the cluster and one for each namespace, and takes away those that nothing is in any more', async () => {
    const out = join(folder, 'k8s');
    expect((await manifests('-c', config(), '--out', out)).stdout).toMatch(/: \d+ objects in 4 files: 00-cluster.yaml, mcp-crm.yaml, mcp-files.yaml, mcp-gateway.yaml\n$/);
    const cluster = objectsOf(readFileSync(join(out, '00-cluster.yaml'), 'utf8'));
    expect(new Set(cluster.map(({ kind }) => kind))).toEqual(new Set(['Namespace', 'RuntimeClass', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']));
    writeManifests(out, manifestsOf(config(CLUSTER.replace(/ {2}files:[\s\S]*/, ''))));
    expect(readdirSync(out).sort()).toEqual(['00-cluster.yaml', 'mcp-crm.yaml', 'mcp-gateway.yaml']);
  });

  it('does not write beside YAML of somebody else, which would be applied too', async () => {
    writeFileSync(join(folder, 'other.yml'), 'kind: Secret\n');
    const { code, stderr } = await manifests('-c', config(), '--out', folder);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/cluster.yaml|other.yml: was not written by this command, .*expected a folder of its own\n$/)]);
    expect(readdirSync(folder).sort()).toEqual(['cluster.yaml', 'other.yml']);
  });

  it.each<[string, string, string]>([
    ['SC-1 an image by tag', CLUSTER.replace(`crm@${DIGEST}`, 'crm:latest'), ':13:12: /servers/crm/image: expected an image by digest: "registry/repository@sha256:" and 64 hexadecimal digits'],
    ['a misspelt key', CLUSTER.replace('executesCode', 'executeCode'), ':17:5: /servers/files/executeCode: unknown key, did you mean "executesCode"?'],
    ['no servers', CLUSTER.replace(/servers:[\s\S]*/, 'servers: {}\n'), ': /servers: expected at least one server'],
    ['no gateway', CLUSTER.replace(/gateway:[\s\S]*(?=servers:)/, ''), 'the key "gateway" is missing'],
    ['a URL with a path', CLUSTER.replace('https://mcp.example.com', 'https://mcp.example.com/x'), ': /gateway/publicUrl: expected an origin that starts with https:// and has no path'],
    ['issuers that are none', CLUSTER.replace(/MCP_ISSUERS: .*/, 'MCP_ISSUERS: https://login.example.com'), ': /gateway/environment/MCP_ISSUERS: expected a JSON list of issuers in a string'],
    ['a mesh that lacks something', `${CLUSTER}mesh: { kind: istio-sidecar }\n`, ': /mesh: the key "proxyImage" is missing'],
    ['a mesh with too much', `${CLUSTER}mesh: { kind: none, serverAuthority: x, trustDomain: y }\n`, ': /mesh/trustDomain: does not go with the kind "none"'],
    ['a store without a name', `${CLUSTER}secretStore: { kind: external-secrets }\n`, ': /secretStore: the key "clusterSecretStore" is missing'],
    ['two signatures', `${CLUSTER}imageSignatures: { key: a, kmsKey: b }\n`, ': /imageSignatures: expected one of "key", "kmsKey" and "keyless"'],
    ['egress to everywhere', CLUSTER.replace('environment: { COUNTRY', 'egress: [{ cidrs: [0.0.0.0/0] }]\n    environment: { COUNTRY'), 'cluster.yaml: egress of the server "crm" has the address range "0.0.0.0/0", which is every address or a great part of them'],
    ['MUL-3 a secret in the environment', CLUSTER.replace('COUNTRY', 'API_TOKEN'), 'cluster.yaml: the server "crm" has the environment variable API_TOKEN, which is named like a secret: declare it under secrets'],
    ['what is not YAML', 'gateway: [', 'not valid JSON or YAML'],
  ])('refuses %s in one sentence', (_what, text, sentence) => {
    expect(refusalsOf(config(text))).toEqual([expect.stringContaining(sentence)]);
  });

  it('ends with 2 where it refuses, and says all that is wrong, a line each', async () => {
    const { code, stdout, stderr } = await manifests('-c', config(CLUSTER.replaceAll(`@${DIGEST}`, ':latest')));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(/:3:10: \/gateway\/image: expected an image by digest/), expect.stringMatching(/:13:12: \/servers\/crm\/image/), expect.stringMatching(/:16:12: \/servers\/files\/image/)]);
  });

  it('says that there is no such file', async () => {
    expect(await manifests('-c', join(folder, 'none.yaml'))).toMatchObject({ code: 2, stderr: expect.stringMatching(/none.yaml: there is no such file\n$/) });
  });

  it('says that there is no --config', async () => {
    expect(await manifests()).toMatchObject({ code: 2, stderr: expect.stringContaining("required option '-c, --config <file>' not specified") });
  });

  it('makes something of the configuration in docs/cluster.md', () => {
    const page = readFileSync(join(__dirname, '..', '..', 'docs', 'cluster.md'), 'utf8');
    const example = /```yaml\n([\s\S]*?)```/.exec(page)![1]!.replaceAll('sha256:...', DIGEST);
    expect(manifestsOf(config(example)).length).toBeGreaterThan(0);
  });

  it('has help that says everything, with a configuration that works', async () => {
    const { code, stdout } = await manifests('--help');
    expect(code).toBe(0);
    for (const word of ['--config', '--out', 'kubectl apply', 'schema/manifests.schema.json', 'Exit codes:']) expect(stdout).toContain(word);
    const example = /cluster\.yaml:\n((?: {4}.*\n| {2}\w.*\n)+)/.exec(stdout)![1]!.replaceAll(/^ {2}/gm, '').replaceAll('sha256:<64 hexadecimal digits>', DIGEST);
    expect(manifestsOf(config(example)).length).toBeGreaterThan(0);
  });
});

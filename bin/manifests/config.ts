import { readFileSync } from 'node:fs';
import {
  DomainPolicies,
  ImageSignatures,
  MandatoryAccessControl,
  Sandbox,
  SeccompProfile,
  SecretStore,
  ServiceMesh,
  type AmbientMeshOptions,
  type ClusterManifestsProps,
  type GatewayWorkload,
  type NoMeshOptions,
  type ServerWorkload,
  type SidecarMeshOptions,
} from '../../lib/cluster/manifests';
import { ConfigError, StartError, whyUnreadable, type ConfigProblem } from '../../lambda/local';
import { parseConfigDocument, type ConfigDocument } from '../../lambda/local/config/document';
import { compileDocumentSchema, schemaProblems } from '../../lambda/local/config/validate';
import manifestsSchema from '../../schema/manifests.schema.json';

/** The file as `schema/manifests.schema.json` describes it. */
interface ManifestsFile extends Pick<ClusterManifestsProps, 'namespacePrefix' | 'dnsCidrs' | 'clusterDomain' | 'responders'> {
  readonly gateway: WorkloadEntry<GatewayWorkload>;
  readonly servers: { readonly [name: string]: ServerEntry };
  readonly mesh?: MeshEntry;
  readonly secretStore?: { readonly kind: 'aws-secrets-manager' | 'external-secrets'; readonly clusterSecretStore?: string };
  readonly imageSignatures?: { readonly key?: string; readonly kmsKey?: string; readonly keyless?: { readonly issuer: string; readonly subject: string } };
  readonly domainPolicies?: 'cilium' | 'eks-auto-mode';
  readonly accessControl?: 'apparmor' | 'selinux';
}

type WorkloadEntry<Workload extends { readonly seccompProfile?: SeccompProfile }> = Omit<Workload, 'seccompProfile'> & { readonly seccompProfile?: string };

type ServerEntry = WorkloadEntry<Omit<ServerWorkload, 'name' | 'sandbox'>> & { readonly sandbox?: string };

type MeshEntry = { readonly kind: 'istio-ambient' | 'istio-sidecar' | 'none' } & AmbientMeshOptions & Partial<SidecarMeshOptions> & Partial<NoMeshOptions>;

/** Which keys of `mesh` go with which kind; those of `true` have to be there. */
const MESH_KEYS: { readonly [Kind in MeshEntry['kind']]: { readonly [key: string]: boolean } } = {
  'istio-ambient': { waypoint: false, trustDomain: false },
  'istio-sidecar': { proxyImage: true, trustDomain: false },
  none: { serverAuthority: true },
};

const validateFile = compileDocumentSchema(manifestsSchema);

/**
 * What is declared in a configuration file, JSON or YAML.
 *
 * @throws ConfigError with every place at which the file is not what it should be
 * @throws StartError when it cannot be read
 */
export function readManifestsConfig(file: string): ClusterManifestsProps {
  const document = parseConfigDocument(file, readText(file));
  const problems = schemaProblems(document, validateFile);
  const all = problems.length > 0 ? problems : [...meshProblems(document), ...issuerProblems(document)];
  if (all.length > 0) throw new ConfigError(file, all as [ConfigProblem, ...ConfigProblem[]]);
  return propsOf(document.value as ManifestsFile);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`${file}: ${whyUnreadable(error)}`);
  }
}

/** The gateway would not start with it, minutes after everything was applied. */
function issuerProblems(document: ConfigDocument): ConfigProblem[] {
  const issuers = (document.value as ManifestsFile).gateway.environment?.MCP_ISSUERS;
  if (issuers === undefined) return [];
  try {
    if (Array.isArray(JSON.parse(issuers))) return [];
  } catch {
    // Said below, without the value.
  }
  return [document.problemAt(['gateway', 'environment', 'MCP_ISSUERS'], 'expected a JSON list of issuers in a string')];
}

function meshProblems(document: ConfigDocument): ConfigProblem[] {
  const { mesh, secretStore } = document.value as ManifestsFile;
  const problems: ConfigProblem[] = [];
  if (mesh !== undefined) {
    const known = MESH_KEYS[mesh.kind];
    for (const key of Object.keys(mesh).filter((name) => name !== 'kind' && !(name in known))) problems.push(document.problemAt(['mesh', key], `does not go with the kind "${mesh.kind}"`, 'key'));
    for (const key of Object.keys(known).filter((name) => known[name] && !(name in mesh))) problems.push(document.problemAt(['mesh'], `the key "${key}" is missing`));
  }
  if (secretStore !== undefined && (secretStore.kind === 'external-secrets') !== ('clusterSecretStore' in secretStore)) {
    problems.push(document.problemAt(['secretStore'], secretStore.kind === 'external-secrets' ? 'the key "clusterSecretStore" is missing' : '"clusterSecretStore" does not go with the kind "aws-secrets-manager"'));
  }
  return problems;
}

function propsOf(file: ManifestsFile): ClusterManifestsProps {
  const { namespacePrefix, dnsCidrs, clusterDomain, responders } = file;
  return {
    namespacePrefix,
    dnsCidrs,
    clusterDomain,
    responders,
    gateway: { ...file.gateway, seccompProfile: seccompOf(file.gateway) },
    servers: Object.entries(file.servers).map(([name, server]) => ({ ...server, name, seccompProfile: seccompOf(server), sandbox: sandboxOf(server) })),
    mesh: file.mesh && meshOf(file.mesh),
    secretStore: file.secretStore && (file.secretStore.kind === 'external-secrets' ? SecretStore.externalSecrets(file.secretStore.clusterSecretStore!) : SecretStore.awsSecretsManager()),
    imageSignatures: file.imageSignatures && signaturesOf(file.imageSignatures),
    domainPolicies: file.domainPolicies && { cilium: DomainPolicies.CILIUM, 'eks-auto-mode': DomainPolicies.EKS_AUTO_MODE }[file.domainPolicies],
    accessControl: file.accessControl && { apparmor: MandatoryAccessControl.APP_ARMOR, selinux: MandatoryAccessControl.SELINUX }[file.accessControl],
  };
}

function seccompOf({ seccompProfile }: { readonly seccompProfile?: string }): SeccompProfile | undefined {
  return seccompProfile === undefined ? undefined : SeccompProfile.localhost(seccompProfile);
}

function sandboxOf({ sandbox }: ServerEntry): Sandbox | undefined {
  return sandbox === undefined ? undefined : ([Sandbox.GVISOR, Sandbox.KATA].find(({ runtimeClassName }) => runtimeClassName === sandbox) ?? Sandbox.ofRuntimeClass(sandbox));
}

function meshOf({ kind, waypoint, trustDomain, proxyImage, serverAuthority }: MeshEntry): ServiceMesh {
  if (kind === 'istio-ambient') return ServiceMesh.istioAmbient({ waypoint, trustDomain });
  return kind === 'istio-sidecar' ? ServiceMesh.istioSidecar({ proxyImage: proxyImage!, trustDomain }) : ServiceMesh.none({ serverAuthority: serverAuthority! });
}

function signaturesOf({ key, kmsKey, keyless }: NonNullable<ManifestsFile['imageSignatures']>): ImageSignatures {
  if (key !== undefined) return ImageSignatures.key(key);
  return kmsKey !== undefined ? ImageSignatures.kmsKey(kmsKey) : ImageSignatures.keyless(keyless!.issuer, keyless!.subject);
}

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesObject } from '../lib/cluster/manifests';

/** Versions of Kubernetes that manifests have to be right for. */
export const VERSIONS: readonly string[] = ['1.33', '1.35', '1.37'];
const PACKAGE = 'kubernetes-validate==1.37.0';

/** Groups whose kinds are defined by what is installed in a cluster, and not by Kubernetes; another one is a mistake. */
const CUSTOM_GROUPS: readonly string[] = ['security.istio.io', 'networking.istio.io', 'secrets-store.csi.x-k8s.io', 'external-secrets.io', 'policy.sigstore.dev', 'cilium.io', 'networking.k8s.aws', 'gateway.networking.k8s.io'];

export interface SchemaResult {
  /** Objects that were validated, once for each version. */
  readonly validated: number;
  readonly problems: readonly string[];
  /** Kinds that Kubernetes itself has no schema of. */
  readonly custom: readonly string[];
}

/**
 * Validates against the schemas of Kubernetes, with fields that they do not know refused.
 *
 * @param cache folder that keeps the validator
 * @returns why it cannot be done, in one sentence, where it cannot
 */
export function validateSchemas(objects: readonly KubernetesObject[], cache: string): SchemaResult | string {
  const python = installValidator(cache);
  if (python === undefined) return `${PACKAGE} cannot be installed: it needs Python 3 with venv, and PyPI`;
  const isCustom = ({ apiVersion }: KubernetesObject) => CUSTOM_GROUPS.includes(apiVersion.split('/')[0]!);
  const own = objects.filter((object) => !isCustom(object));
  const output = execFileSync(python, [join(__dirname, 'schemas.py')], { input: JSON.stringify({ versions: VERSIONS, objects: own }), encoding: 'utf8', maxBuffer: 1 << 26 });
  const found = output.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { readonly version: string; readonly index: number; readonly problem: string });
  return {
    validated: own.length * VERSIONS.length,
    problems: found.map(({ version, index, problem }) => `${own[index]!.kind} ${[own[index]!.metadata.namespace, own[index]!.metadata.name].filter(Boolean).join('/')} in ${version}: ${problem}`),
    custom: [...new Set(objects.filter(isCustom).map(({ apiVersion, kind }) => `${kind} (${apiVersion})`))],
  };
}

function installValidator(cache: string): string | undefined {
  const folder = join(cache, PACKAGE.replace('==', '-'));
  const python = join(folder, 'bin', 'python');
  const installed = join(folder, 'bin', 'kubernetes-validate');
  if (existsSync(installed)) return python;
  try {
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'ignore' });
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PACKAGE], { stdio: 'ignore' });
    return python;
  } catch {
    return undefined;
  }
}

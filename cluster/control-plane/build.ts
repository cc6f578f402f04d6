import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Version of Kubernetes that `go.mod` names. */
export const KUBERNETES_VERSION = '1.35.4';

export interface ControlPlanePrograms {
  readonly etcd: string;
  readonly apiServer: string;
}

/** Programs, what each is built from, and what is said to the linker. */
const BUILDS = [
  { name: 'etcd', from: 'go.etcd.io/etcd/server/v3', flags: '-s -w' },
  { name: 'kube-apiserver', from: 'k8s.io/kubernetes/cmd/kube-apiserver', flags: `-s -w -X k8s.io/component-base/version.gitVersion=v${KUBERNETES_VERSION} -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=35` },
] as const;

/**
 * etcd and kube-apiserver, built once from their Go modules: ten minutes on two cores, and nothing after that.
 *
 * @param cache folder that keeps them
 * @returns why they cannot be had, in one sentence, where they cannot
 */
export function buildControlPlane(cache: string): ControlPlanePrograms | string {
  const folder = join(cache, `control-plane-${KUBERNETES_VERSION}`);
  const path = (name: string) => join(folder, name);
  const missing = BUILDS.filter(({ name }) => !existsSync(path(name)));
  if (missing.length > 0) {
    const go = versionOfGo();
    if (go === undefined) return 'etcd and kube-apiserver are built from their Go modules, and there is no Go 1.25 or later here';
    mkdirSync(folder, { recursive: true });
    for (const { name, from, flags } of missing) {
      process.stderr.write(`Building ${name} from ${from}, once\n`);
      try {
        execFileSync('go', ['build', '-ldflags', flags, '-o', path(name), from], { cwd: __dirname, env: { ...process.env, GOFLAGS: '-mod=readonly' }, stdio: ['ignore', 'ignore', 'pipe'] });
      } catch (error) {
        return `${name} cannot be built: ${String((error as { stderr?: Buffer }).stderr ?? error).trim().split('\n').at(-1)}`;
      }
    }
  }
  return { etcd: path('etcd'), apiServer: path('kube-apiserver') };
}

function versionOfGo(): string | undefined {
  try {
    const [, minor = '0'] = /go1\.(\d+)/.exec(execFileSync('go', ['version'], { encoding: 'utf8' })) ?? [];
    return Number(minor) >= 25 ? minor : undefined;
  } catch {
    return undefined;
  }
}

import type { SecretStore } from './secret-store';
import type { WorkloadOptions, WorkloadScaling, WritablePath } from './workload-props';

const IMAGE = /^[^\s@]+@sha256:[0-9a-f]{64}$/;
/** Names of environment variables that hold secrets, unless they say that they hold where one is. */
const SECRET_NAME = /PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIAL/i;
const PLACE_NAME = /_(FILE|PATH|DIR|ARN|URL|URI|NAME|ID|SECONDS|BYTES)$/i;
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** @throws Error unless the image is given by its digest (SC-1) */
export function assertDigest(what: string, image: string): void {
  if (!IMAGE.test(image)) throw new Error(`the image of ${what} is ${JSON.stringify(image)}, expected one by digest: "registry/repository@sha256:" and 64 hexadecimal digits`);
}

/** @throws Error when a variable is named as a secret would be (MUL-3); the value is not repeated */
export function checkEnvironment(what: string, { environment = {} }: WorkloadOptions): void {
  for (const name of Object.keys(environment)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error(`${what} has the environment variable ${JSON.stringify(name)}, expected letters, digits and _`);
    if (SECRET_NAME.test(name) && !PLACE_NAME.test(name)) throw new Error(`${what} has the environment variable ${name}, which is named like a secret: declare it under secrets`);
  }
}

/** @throws Error when there is nothing that secrets could come from, or one has a name that no file has */
export function checkSecrets(what: string, { secrets = [], environment = {}, podIdentity, serviceAccountAnnotations = {} }: WorkloadOptions, store: SecretStore | undefined): void {
  if (secrets.length > 0 && store === undefined) throw new Error(`${what} has secrets, and there is no secretStore that they could come from`);
  if (secrets.length > 0 && store?._kind === 'csi' && !podIdentity && !('eks.amazonaws.com/role-arn' in serviceAccountAnnotations)) throw new Error(`${what} has secrets of AWS Secrets Manager and no role to read them with: set podIdentity, or annotate its service account with eks.amazonaws.com/role-arn`);
  const names = new Set<string>();
  for (const { name, reference, pathVariable } of secrets) {
    if (!FILE_NAME.test(name) || names.has(name)) throw new Error(`a secret of ${what} has the name ${JSON.stringify(name)}, expected a file name of its own: letters, digits, ".", "_" and "-"`);
    if (reference === '') throw new Error(`the secret ${JSON.stringify(name)} of ${what} has no reference, expected what the secret store knows it by`);
    if (pathVariable !== undefined && (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(pathVariable) || pathVariable in environment)) throw new Error(`the secret ${JSON.stringify(name)} of ${what} has the pathVariable ${JSON.stringify(pathVariable)}, expected the name of an environment variable that is not set otherwise`);
    names.add(name);
  }
}

/** @throws Error when pods could be none, or fewer than the least */
export function checkScaling(what: string, { minReplicas = 2, maxReplicas = Math.max(6, minReplicas), cpuUtilization = 70 }: WorkloadScaling = {}): Required<WorkloadScaling> {
  const whole = (value: number, least: number, most: number) => Number.isInteger(value) && value >= least && value <= most;
  if (!whole(minReplicas, 1, 1000)) throw new Error(`the minReplicas of ${what} is ${minReplicas}, expected 1 to 1000`);
  if (!whole(maxReplicas, minReplicas, 1000)) throw new Error(`the maxReplicas of ${what} is ${maxReplicas}, expected ${minReplicas} to 1000`);
  if (!whole(cpuUtilization, 1, 100)) throw new Error(`the cpuUtilization of ${what} is ${cpuUtilization}, expected percent from 1 to 100`);
  return { minReplicas, maxReplicas, cpuUtilization };
}

/** @throws Error when a path is not absolute, or would hide what the image has at its root (CON-1) */
export function checkPaths(what: string, endpoint: string, writable: readonly WritablePath[]): void {
  if (!/^\/[A-Za-z0-9._~/-]*$/.test(endpoint)) throw new Error(`the path of ${what} is ${JSON.stringify(endpoint)}, expected one such as "/mcp"`);
  for (const { path } of writable) {
    if (!/^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/.test(path) || /^\/(proc|sys|dev|run\/secrets)(\/|$)/.test(path)) throw new Error(`a writable path of ${what} is ${JSON.stringify(path)}, expected an absolute path such as "/tmp", and none of the system's`);
  }
}

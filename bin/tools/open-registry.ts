import { escapeUnprintable } from '../../lambda/audit/unprintable';
import { LogNotTrusted, StepRefused, type ApprovalLog, type StoredRecord, type ToolRegistry } from '../../lambda/integrity';
import { loadConfigAtRest, openAuditFile, openLocalRegistry, RegistryNotTrusted, StartError, writeChange, type LocalConfig, type LocalRegistry } from '../../lambda/local';
import { ExitCode } from '../exit-code';
import type * as AwsRegistries from './aws-registry';

declare const require: (id: './aws-registry') => typeof AwsRegistries;

/** Which registry: one of this machine, or one in AWS. */
export interface RegistrySource {
  readonly config?: string;
  readonly table?: string;
  readonly key?: string;
  readonly url?: string;
  readonly region?: string;
}

/** What reading commands need of a registry. */
export interface OpenedRegistry {
  readonly registry: ToolRegistry;
  readonly log: ApprovalLog;
}

/** Uses the registry that is meant; where it does not verify, or refuses a step, that is a finding. */
export async function withRegistry({ config, table, region, key }: RegistrySource, use: (opened: OpenedRegistry) => Promise<void>): Promise<void> {
  if (config !== undefined) return withLocalRegistry(config, use);
  if (table === undefined) throw new StartError('Expected --config for a registry on this machine, or --table for one in AWS.');
  try {
    await use(await require('./aws-registry').openAwsRegistry({ table, region, key }));
  } catch (error) {
    if (error instanceof StepRefused || error instanceof LogNotTrusted) fail(ExitCode.FINDING, error.message);
    else throw new StartError(`The registry in AWS does not open: ${(error as Error).message}`);
  }
}

/** Uses the one of this machine, and closes it. */
export async function withLocalRegistry(file: string, use: (local: LocalRegistry, config: LocalConfig) => Promise<void>, config = loadConfigAtRest(file)): Promise<void> {
  if (config.registry === undefined) throw new StartError(`${file}: the key "registry" is missing, the folder in which approvals are kept`);
  // The steps belong into the audit file, whoever takes them (LOG-1); where it cannot be written, none is taken.
  const auditFile = config.audit === undefined ? undefined : openAuditFile(config.audit);
  let local: LocalRegistry | undefined;
  try {
    local = await openLocalRegistry(config.registry, (change) => void (auditFile && writeChange(auditFile, change)));
    await use(local, config);
  } catch (error) {
    if (!(error instanceof RegistryNotTrusted || error instanceof StepRefused)) throw error;
    fail(ExitCode.FINDING, error.message);
  } finally {
    await local?.close();
    auditFile?.end();
  }
}

/** The record with this id. @throws StepRefused where there is none, with those that may be meant */
export async function findRecord({ registry }: OpenedRegistry, id: string): Promise<StoredRecord> {
  const stored = await registry.find(id);
  if (stored !== undefined) return stored;
  const meant = (await registry.list()).filter(({ record }) => record.subject.tool === id).map((known) => known.id);
  throw new StepRefused(id, meant.length === 0 ? 'nothing is known of it: no server has offered it yet' : `a tool is named with its server; did you mean ${meant.join(' or ')}?`);
}

/** Says what was found, and ends with `code`. */
export function fail(code: number, sentence: string): void {
  process.stderr.write(`${escapeUnprintable(sentence)}\n`);
  process.exitCode = code;
}

import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { loadConfigAtRest, openAuditFile, openLocalGrants, openLocalRegistry, openLocalResponse, readPolicies, StartError, writeChange, writeGrantEvent, writeResponse, type LocalConfig } from '../../lambda/local';
import type { Notice, Responder } from '../../lambda/response';
import type * as AwsResponses from './aws-response';

declare const require: (id: './aws-response') => typeof AwsResponses;

/** Which response: one of this machine, or one in AWS. */
export interface SourceOptions {
  readonly config?: string;
  readonly table?: string;
  readonly url?: string;
  readonly region?: string;
}

/** Works with the response of a configuration file. What is done belongs into its audit file (LOG-1). @throws StartError */
export async function withLocalResponse(file: string, told: (notice: Notice) => void, use: (responder: Responder, config: LocalConfig) => Promise<void>): Promise<void> {
  const config = loadConfigAtRest(file);
  if (config.response === undefined) throw new StartError(`${file}: the key "response" is missing, the folder in which it is kept what was done about incidents`);
  const auditFile = config.audit === undefined ? undefined : openAuditFile(config.audit);
  const closing: (() => Promise<void>)[] = [];
  try {
    const registry = config.registry === undefined ? undefined : await openLocalRegistry(config.registry, (change) => void (auditFile && writeChange(auditFile, change)));
    if (registry !== undefined) closing.unshift(() => registry.close());
    const grants = config.grants === undefined || config.policies === undefined ? undefined : await openLocalGrants(config.grants, config.servers.map(({ name }) => name), createCedarDecisionPoint({ policies: readPolicies(config.policies).policies }), (event) => void (auditFile && writeGrantEvent(auditFile, event)));
    if (grants !== undefined) closing.unshift(() => grants.close());
    const response = await openLocalResponse(config.response, { registry: registry?.registry, marks: grants?.desk.marks, audit: config.audit?.file }, {
      happened: (event) => void (auditFile && writeResponse(auditFile, event)),
      told,
      failed: (error) => {
        throw error;
      },
    });
    closing.unshift(() => response.close());
    await use(response.responder, config);
  } finally {
    for (const close of closing) await close();
    auditFile?.end();
  }
}

/** Reads the response of one or the other place. @throws StartError */
export async function withCases(source: SourceOptions, use: (responder: Pick<Responder, 'list' | 'find'>) => Promise<void>): Promise<void> {
  if (source.config !== undefined) return withLocalResponse(source.config, () => undefined, use);
  if (source.table === undefined) throw new StartError('Expected --config for a response on this machine, or --table for one in AWS.');
  try {
    await use(require('./aws-response').openAwsCases(source.table, source.region));
  } catch (error) {
    const { name, message } = error as Error;
    throw name === 'ResponseRefused' ? error : new StartError(`The table ${source.table} cannot be read: ${message}`);
  }
}

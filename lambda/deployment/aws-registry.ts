import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { createApprovalLog, createHeadVerifier, createRegistryView, createToolRegistry, type ApprovalLog, type RefreshedView, type Scan, type ToolRegistry } from '../integrity';
import { createKmsSigner, readKmsPublicKey } from '../integrity/aws-kms-signer';
import type { DocumentStore } from '../stores';
import { createDynamoDbStore } from '../stores/aws-dynamodb-store';
import { CLIENT_LIMITS } from './aws-client-limits';
import { madeOnce } from './made-once';
import type { RegistrySettings } from './registry-settings';

/** The registry of tools as a deployed function has it. */
export interface AwsRegistry {
  readonly store: DocumentStore;
  readonly log: ApprovalLog;
  readonly registry: ToolRegistry;
}

/** Services that a registry is made of; a test gives its own. */
export interface RegistryClients {
  readonly dynamodb: DynamoDBClient;
  readonly kms: KMSClient;
}

export function registryClients(): RegistryClients {
  return { dynamodb: new DynamoDBClient(CLIENT_LIMITS), kms: new KMSClient(CLIENT_LIMITS) };
}

/** For a function that scans nothing. */
export const NO_SCAN: Scan = () => {
  throw new Error('this function scans nothing');
};

/** With the key: it can approve. @throws where the key cannot be used, or is of another kind */
export async function openSigningRegistry({ table, signingKey, policy }: RegistrySettings, scan: Scan, { dynamodb, kms }: RegistryClients): Promise<AwsRegistry> {
  const store = createDynamoDbStore(dynamodb, table);
  const signer = await createKmsSigner(kms, signingKey);
  const log = createApprovalLog({ store, signer, verify: createHeadVerifier([signer.publicKey]) });
  return { store, log, registry: createToolRegistry({ store, log, scan, policy }) };
}

/** The same once it is needed; what cannot be opened is tried again. */
export function signingRegistry(settings: RegistrySettings, scan: Scan, clients = registryClients()): () => Promise<AwsRegistry> {
  return madeOnce(() => openSigningRegistry(settings, scan, clients));
}

/** Without the key, and able to verify what was signed: it can take note of definitions and stop them. @throws as `openSigningRegistry` */
export async function openVerifyingRegistry({ table, signingKey, policy, maxHeadAgeMs }: RegistrySettings, scan: Scan, { dynamodb, kms }: RegistryClients, clock: () => number = Date.now): Promise<AwsRegistry> {
  const store = createDynamoDbStore(dynamodb, table);
  const log = createApprovalLog({ store, maxHeadAgeMs, clock, verify: createHeadVerifier([await readKmsPublicKey(kms, signingKey)]) });
  return { store, log, registry: createToolRegistry({ store, log, scan, policy, clock }) };
}

/** Its records alone: what the log says is not believed, nor needed. */
export function openRecords({ table, policy }: Pick<RegistrySettings, 'table' | 'policy'>, scan: Scan, dynamodb = new DynamoDBClient(CLIENT_LIMITS)): AwsRegistry {
  const store = createDynamoDbStore(dynamodb, table);
  const log = createApprovalLog({ store, verify: () => false });
  return { store, log, registry: createToolRegistry({ store, log, scan, policy }) };
}

/** How old what others decided may be before a request waits until it was read again, milliseconds: a function sleeps between requests. */
const MAX_AGE_ON_ARRIVAL_MS = 5_000;
/** How long a function stays awake after a request to record what it saw, milliseconds. */
const MAX_RECORDING_MS = 5_000;

/** The gateway's view of the registry in a function that is frozen between requests. */
export interface FunctionView {
  readonly view: RefreshedView;
  /** To be called before each request. Where the registry cannot be read, the view itself withholds everything. */
  freshen(): Promise<void>;
  /** To be called after each request: what was seen in it is recorded before the function is frozen. */
  record(): Promise<void>;
}

/** @throws where the key cannot be read. A registry that cannot be read serves nothing, and is read again. */
export async function startFunctionView(settings: RegistrySettings, scan: Scan, clients = registryClients(), clock: () => number = Date.now): Promise<FunctionView> {
  const { registry, log } = await openVerifyingRegistry(settings, scan, clients, clock);
  const onError = (error: unknown) => console.error(JSON.stringify({ kind: 'registry', message: `the registry of tools: ${(error as Error).message}` }));
  const view = createRegistryView({ registry, log, clock, onError });
  return {
    view,
    async freshen() {
      if (clock() - view.refreshedAt <= MAX_AGE_ON_ARRIVAL_MS) return;
      try {
        await view.refresh();
      } catch (error) {
        onError(error);
      }
    },
    async record() {
      let timer: NodeJS.Timeout | undefined;
      const tooLate = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, MAX_RECORDING_MS);
      });
      await Promise.race([view.settled(), tooLate]);
      clearTimeout(timer);
    },
  };
}

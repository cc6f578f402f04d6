import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { S3Client } from '@aws-sdk/client-s3';
import { InvalidToken, SendTaskSuccessCommand, SFNClient, StartExecutionCommand, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { WAFV2Client } from '@aws-sdk/client-wafv2';
import { escapeUnprintable } from '../audit/unprintable';
import { createMarkStore } from '../grants';
import {
  createAccessExecutors,
  createEvidenceExecutor,
  createKubernetesIsolation,
  createKubernetesStop,
  createNotifyExecutor,
  createQuarantineExecutor,
  createRemoteKubernetesApi,
  createResponder,
  describeKubernetesWorkload,
  isSameWorkload,
  inTurn,
  ResponseRefused,
  type CompleteTask,
  type Estate,
  type EvidenceSource,
  type Executor,
  type Executors,
  type KubernetesApi,
  type KubernetesRequest,
  type Notice,
  type Responder,
  type ResponseEvent,
  type WorkflowInput,
  type WorkloadSubject,
} from '../response';
import { createEcsIsolation, createEcsStop, describeEcsWorkload } from '../response/executors/aws-ecs';
import { accountEvents, auditEvents, containerLines, createPlaces, networkAround, nodeDisks, type AskAws } from '../response/executors/aws-evidence';
import { createEvidenceBucket } from '../response/executors/aws-evidence-bucket';
import { createWafExecutor } from '../response/executors/aws-waf';
import { createReviews } from '../onboarding/reviews';
import type { DocumentStore } from '../stores';
import { createDynamoDbStore } from '../stores/aws-dynamodb-store';
import { createAskAws } from './aws-asked-services';
import { openAuditLog, readAuditLogSettings, type AuditLog } from './aws-audit-log';
import { NO_SCAN, openRecords } from './aws-registry';
import { createReinstatement } from './aws-reinstatement';
import { createFunctionCall } from './aws-signed-call';
import { createStepFunctions } from './aws-workflows';
import { madeOnce } from './made-once';
import type { ActSettings, EvidenceSettings, ResponseSettings } from './response-settings';

/** Sends a message to the responders' topic. */
export function noticesTo(TopicArn: string, client = new SNSClient({})): (notice: Notice) => Promise<void> {
  return async ({ subject, text }) => void (await client.send(new PublishCommand({ TopicArn, Subject: subject, Message: text })));
}

/** What a function of the response keeps, and where it writes. */
export interface RecordedOptions {
  /** Begins its log. @default - as the environment says */
  readonly openLog?: () => Promise<Pick<AuditLog, 'write' | 'settle'>>;
  /** @default - the table of the settings */
  readonly store?: DocumentStore;
}

/**
 * A function of the response. Each step that it takes is a chained and signed line of its log, for the audit trail (LOG-1, LOG-4); where
 * the log cannot be begun, nothing is done, and the next call tries again.
 */
export function recorded<In, Out>(settings: ResponseSettings, serve: (responder: Responder) => (input: In) => Promise<Out>, executors: Executors = {}, options: RecordedOptions = {}): (input: In) => Promise<Out> {
  const { table, policy, estate } = settings;
  const { openLog = () => openAuditLog(readAuditLogSettings(process.env)), store = createDynamoDbStore(new DynamoDBClient({}), table) } = options;

  const begun = madeOnce(async () => {
    const { write, settle } = await openLog();
    const onEvent = ({ at, ...event }: ResponseEvent) => write(escapeUnprintable(JSON.stringify({ time: at, ...event })));
    return { settle, handle: serve(createResponder({ store, executors, policy, estate, onEvent })) };
  });

  return async (input) => {
    const { settle, handle } = await begun();
    try {
      return await handle(input);
    } finally {
      settle();
    }
  };
}

/** What a function can do, by what it was told and has the right to. */
export function executorsOf(settings: ActSettings): Executors {
  const { registryTable, grantsTable, ipSets, isolationGroup, clusterFunction, evidence, topic } = settings;
  const access = grantsTable === undefined ? undefined : createAccessExecutors(createMarkStore(createDynamoDbStore(new DynamoDBClient({}), grantsTable)));
  const records = registryTable === undefined ? undefined : openRecords({ table: registryTable, policy: {} }, NO_SCAN);
  const waf = ipSets && createWafExecutor({ client: new WAFV2Client({}), ...ipSets });
  const ecs = new ECSClient({});
  const kubernetes = clusterFunction && createRemoteKubernetesApi(createFunctionCall<KubernetesRequest>(clusterFunction.name, clusterFunction.region, clusterFunction.urlSuffix));
  const { block_address: inGateway, ...others } = access ?? {};
  const addresses = [waf, inGateway].filter((one) => one !== undefined);
  return defined({
    ...others,
    block_address: addresses.length === 0 ? undefined : inTurn(...addresses),
    quarantine_tool: records && createQuarantineExecutor({ registry: records.registry, reinstate: createReinstatement({ registry: records.registry, reviews: createReviews(records.store), workflows: createStepFunctions(new SFNClient({}), {}) }) }),
    isolate_workload: isolationGroup !== undefined ? createEcsIsolation({ client: ecs, isolationGroup }) : kubernetes && createKubernetesIsolation(kubernetes),
    stop_workload: isolationGroup !== undefined ? createEcsStop(ecs) : kubernetes && createKubernetesStop(kubernetes),
    preserve_evidence: evidence && createEvidenceExecutor({
      store: createEvidenceBucket({ client: new S3Client({}), bucket: evidence.bucket }),
      registry: records?.registry,
      describeWorkload: (workload: WorkloadSubject) => (workload.platform === 'ecs' ? describeEcsWorkload(ecs, workload) : describeKubernetesWorkload(kubernetes ?? nowhere(), workload)),
      sources: evidenceSources(evidence, settings.estate, createAskAws(evidence.region, evidence.urlSuffix), ecs, kubernetes),
    }),
    notify: topic === undefined ? undefined : createNotifyExecutor(noticesTo(topic)),
  });
}

/** What AWS knows of incidents. The order is that of the files; all are read at the same time. */
export function evidenceSources({ auditLogs, lines, diskLockDays }: EvidenceSettings, { workloads = {} }: Estate, ask: AskAws, ecs: ECSClient, kubernetes: KubernetesApi | undefined): readonly EvidenceSource[] {
  const places = createPlaces(ask, ecs, kubernetes);
  const serverOf = (workload: WorkloadSubject) => Object.keys(workloads).find((server) => workloads[server]!.some((one) => isSameWorkload(one, workload)));
  const linesOf = (workload: WorkloadSubject) => lines[serverOf(workload) ?? ''];
  return [
    networkAround(ask, places),
    ...(diskLockDays === undefined ? [] : [nodeDisks({ ask, places, lockDays: diskLockDays })]),
    containerLines(linesOf, { ask }),
    auditEvents(auditLogs, { ask }),
    accountEvents({ ask, places }),
  ];
}

function nowhere(): never {
  throw new ResponseRefused('this function reaches no cluster');
}

function defined(executors: { readonly [K in keyof Executors]: Executors[K] | undefined }): Executors {
  return Object.fromEntries(Object.entries(executors as Record<string, Executor | undefined>).filter(([, executor]) => executor !== undefined)) as Executors;
}

/** The workflow of the response. */
export function responseWorkflow(stateMachineArn: string | undefined, client = new SFNClient({})): { readonly complete: CompleteTask; readonly start: (input: WorkflowInput) => Promise<void> } {
  return {
    async complete(taskToken, approved) {
      try {
        await client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify({ approved }) }));
        return true;
      } catch (error) {
        if (error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken) return false;
        throw error;
      }
    },
    async start(input) {
      if (stateMachineArn === undefined) throw new Error('this function starts no workflow');
      await client.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }));
    },
  };
}

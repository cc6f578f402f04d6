import { gunzipSync } from 'node:zlib';
import { PutEventsCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { BatchImportFindingsCommand, type SecurityHubClient } from '@aws-sdk/client-securityhub';
import type { CloudWatchLogsDecodedData, CloudWatchLogsEvent } from 'aws-lambda';
import { toAsff, type AsffContext, type AsffFinding } from '../audit';
import { escapeUnprintable } from '../audit/unprintable';
import type { Detection } from '../behaviour';
import { INCIDENT_EVENT, type Incident } from '../response/incident';
import { incidentOfDetection } from '../response/sources';

export interface SecurityFindingsOptions {
  readonly events: EventBridgeClient;
  /** Name or ARN of the bus that incidents go to. */
  readonly bus: string;
  /** @default - findings go nowhere but to the bus */
  readonly hub?: SecurityHubClient;
  readonly context: AsffContext;
  /** Gets one JSON object a line. */
  readonly writeLine: (line: string) => void;
}

/** What `BatchImportFindings` and `PutEvents` take at once. */
const FINDINGS = 100;
const ENTRIES = 10;

/**
 * Findings of the gateway for those who respond: of the lines that a log group passes on, what behaviour raised becomes an incident on the bus,
 * and all that is a finding goes to AWS Security Hub. Where Security Hub is off, incidents are told nevertheless.
 *
 * Control: SOC-3, LOG-3, TB-4.
 * @throws where the bus does not take an incident: the lines come again, and findings have the same ids then
 */
export function createSecurityFindings(options: SecurityFindingsOptions): (event: CloudWatchLogsEvent) => Promise<void> {
  const { hub, context, writeLine } = options;
  return async (event) => {
    const lines = linesIn(event);
    if (hub !== undefined) await importFindings(hub, lines.map((line) => toAsff(line, context)).filter((finding) => finding !== undefined), writeLine);
    await tell(options, lines.map(incidentIn).filter((incident) => incident !== undefined));
  };
}

type Line = Readonly<Record<string, unknown>>;

function linesIn({ awslogs }: CloudWatchLogsEvent): readonly Line[] {
  const { messageType, logEvents } = JSON.parse(gunzipSync(Buffer.from(awslogs.data, 'base64')).toString('utf8')) as CloudWatchLogsDecodedData;
  return messageType === 'DATA_MESSAGE' ? logEvents.flatMap(({ message }) => parsed(message)) : [];
}

function parsed(message: string): Line[] {
  try {
    const value = JSON.parse(message) as unknown;
    return typeof value === 'object' && value !== null ? [value as Line] : [];
  } catch {
    return [];
  }
}

/** The detection that `detectionLine` wrote, as an incident. */
function incidentIn({ kind, time, signal, ...detection }: Line): Incident | undefined {
  return kind === 'detection' && typeof time === 'string' ? incidentOfDetection({ ...detection, kind: signal, at: Date.parse(time) } as unknown as Detection) : undefined;
}

async function importFindings(hub: SecurityHubClient, findings: readonly AsffFinding[], writeLine: (line: string) => void): Promise<void> {
  for (let start = 0; start < findings.length; start += FINDINGS) {
    try {
      const { FailedCount = 0, FailedFindings = [] } = await hub.send(new BatchImportFindingsCommand({ Findings: findings.slice(start, start + FINDINGS) }));
      if (FailedCount > 0) writeLine(failure(`Security Hub did not take ${FailedCount} findings: ${FailedFindings[0]?.ErrorCode ?? 'it does not say why'}`));
    } catch (error) {
      writeLine(failure(`Security Hub takes no findings: ${(error as Error).name}`));
    }
  }
}

async function tell({ events, bus }: SecurityFindingsOptions, incidents: readonly Incident[]): Promise<void> {
  for (let start = 0; start < incidents.length; start += ENTRIES) {
    const Entries = incidents.slice(start, start + ENTRIES).map((incident) => ({
      EventBusName: bus, Source: INCIDENT_EVENT.source, DetailType: INCIDENT_EVENT.detailType, Time: new Date(incident.at), Detail: JSON.stringify(incident),
    }));
    const { FailedEntryCount = 0 } = await events.send(new PutEventsCommand({ Entries }));
    if (FailedEntryCount > 0) throw new Error(`the event bus did not take ${FailedEntryCount} incidents`);
  }
}

function failure(message: string): string {
  return escapeUnprintable(JSON.stringify({ kind: 'failure', message }));
}

import { Names } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { DetectionLine, Field, RequestLine } from './event-fields';

const request = (field: Field<RequestLine>) => field;
const detection = (field: Field<DetectionLine>) => field;
const of = {
  decision: request('decision'), reason: request('reason'), principal: request('principal.id'), issuer: request('principal.issuer'), address: request('sourceIp'), server: request('server'), method: request('method'),
  target: request('target'), status: request('httpStatus'), bytes: request('responseBytes'), milliseconds: request('durationMs'), trace: request('traceId'), policies: request('policyIds'), notes: request('notes'), kind: request('kind'),
};

/** Failures from one address that are many. */
const MANY = 5;

/**
 * What people ask of the events first, in the query language of CloudWatch Logs Insights. Values in angle brackets are for whoever asks to fill in.
 */
export const SAVED_QUERIES: Readonly<Record<string, readonly string[]>> = {
  /** LOG-3. */
  'Failed sign-ins, then a success': [
    `filter ${of.kind} = "audit" and ispresent(${of.address}) and (${of.decision} = "allow" or ${of.status} = 401 and ${of.reason} != "no_token")`,
    `fields strcontains(concat("status ", ${of.status}), "status 401") as failed, strcontains(${of.decision}, "allow") as succeeded, toMillis(@timestamp) as at`,
    `stats sum(failed) as failures, max(failed * at) as lastFailure, max(succeeded * at) as lastSuccess by ${of.address}`,
    `filter failures >= ${MANY} and lastSuccess > lastFailure`,
    'sort failures desc',
  ],
  /** LOG-3, HOST-1. */
  'Unusual tool sequences, and what else behaviour raised': [
    `filter ${detection('kind')} = "detection"`,
    `fields @timestamp, ${detection('signal')}, ${detection('risk')}, ${detection('principal')}, ${detection('server')}, ${detection('tool')}, ${detection('why')}`,
    'sort @timestamp desc',
  ],
  /** LOG-3, DLP-1. */
  'Data that a guard found': [
    `filter ${of.kind} = "audit" and @message like "guard:"`,
    `fields @timestamp, ${of.server}, ${of.target}, ${of.principal}, ${of.notes}.0`,
    'sort @timestamp desc',
  ],
  'Refusals by reason and principal': [
    `filter ${of.decision} = "deny"`,
    `stats count(*) as refusals by ${of.reason}, ${of.issuer}, ${of.principal}, ${of.server}, ${of.target}`,
    'sort refusals desc',
  ],
  /** DLP-3. */
  'Largest answers': [
    `filter ${of.method} = "tools/call" and ${of.decision} = "allow"`,
    `fields @timestamp, ${of.bytes}, ${of.server}, ${of.target}, ${of.principal}`,
    `sort ${of.bytes} desc`,
  ],
  'Slowest tools': [
    `filter ${of.method} = "tools/call"`,
    `stats count(*) as calls, pct(${of.milliseconds}, 50) as p50, pct(${of.milliseconds}, 99) as p99 by ${of.server}, ${of.target}`,
    'sort p99 desc',
  ],
  /** MUL-11. */
  'What one principal did on all servers': [
    `filter ${of.principal} = "<id>"`,
    `fields @timestamp, ${of.decision}, ${of.reason}, ${of.server}, ${of.method}, ${of.target}, ${of.address}, ${of.policies}.0`,
    'sort @timestamp asc',
  ],
  /** GW-4, TB-4. */
  'Everything of one trace': [
    `filter ${of.trace} = "<trace id>"`,
    'fields @timestamp, @logStream, @message',
    'sort @timestamp asc',
  ],
};

/** Keeps the queries in the account, in a folder of their own. */
export function addSavedQueries(scope: Construct, logGroups: readonly logs.ILogGroup[]): void {
  const folder = Names.uniqueResourceName(scope, { maxLength: 100, separator: '-' });
  Object.entries(SAVED_QUERIES).forEach(([name, lines], index) => {
    new logs.CfnQueryDefinition(scope, `Query${index + 1}`, { name: `McpZeroTrust/${folder}/${name}`, queryString: lines.join('\n| '), logGroupNames: logGroups.map(({ logGroupName }) => logGroupName) });
  });
}

import { S3Client } from '@aws-sdk/client-s3';
import { detectionLine } from '../behaviour';
import { createArchiveWatch } from '../deployment/aws-archive-watch';
import { openAuditLog, readAuditLogSettings, type AuditLog } from '../deployment/aws-audit-log';
import { createOcsfWriter, type ObjectCreated } from '../deployment/aws-audit-ocsf';
import { createPutRecords } from '../deployment/aws-firehose';
import { readJson, required } from '../deployment/environment';

const lake = process.env.MCP_LAKE_STREAMS === undefined ? undefined : {
  streams: readJson(process.env, 'MCP_LAKE_STREAMS') as Readonly<Record<string, string>>,
  put: createPutRecords({ region: required(process.env, 'AWS_REGION'), urlSuffix: required(process.env, 'MCP_URL_SUFFIX') }),
};

/** Opened by the first detection: a line for each object would itself be archived, and never end. */
let log: Promise<AuditLog> | undefined;
const found: string[] = [];
const watch = process.env.MCP_WATCH_BEHAVIOUR === 'true' ? createArchiveWatch({ onDetection: (detection) => void found.push(detectionLine(detection)) }) : undefined;
const write = createOcsfWriter(new S3Client({}), required(process.env, 'MCP_OCSF_PREFIX'), lake, watch);

/** Writes archived audit events once more, in the words of OCSF, and what they show only together as events of the trail. */
export async function handler(event: ObjectCreated): Promise<void> {
  await write(event);
  if (found.length === 0) return;
  const { write: append, settle } = await (log ??= openAuditLog(readAuditLogSettings(process.env)));
  for (const line of found.splice(0)) append(line);
  settle();
}

import { S3Client } from '@aws-sdk/client-s3';
import { createOcsfWriter } from '../deployment/aws-audit-ocsf';
import { createPutRecords } from '../deployment/aws-firehose';
import { readJson, required } from '../deployment/environment';

const lake = process.env.MCP_LAKE_STREAMS === undefined ? undefined : {
  streams: readJson(process.env, 'MCP_LAKE_STREAMS') as Readonly<Record<string, string>>,
  put: createPutRecords({ region: required(process.env, 'AWS_REGION'), urlSuffix: required(process.env, 'MCP_URL_SUFFIX') }),
};

/** Writes archived audit events once more, in the words of OCSF. */
export const handler = createOcsfWriter(new S3Client({}), required(process.env, 'MCP_OCSF_PREFIX'), lake);

import { S3Client } from '@aws-sdk/client-s3';
import { createOcsfWriter } from '../deployment/aws-audit-ocsf';
import { required } from '../deployment/environment';

/** Writes archived audit events once more, in the words of OCSF. */
export const handler = createOcsfWriter(new S3Client({}), required(process.env, 'MCP_OCSF_PREFIX'));

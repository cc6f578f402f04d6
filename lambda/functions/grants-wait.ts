import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { createGrantWait } from '../deployment/aws-grant-wait';
import { required } from '../deployment/environment';
import { createDynamoDbStore } from '../stores/aws-dynamodb-store';

/** Tells the approvers of a request, and keeps the token by which its decision ends the workflow. */
export const handler = createGrantWait({
  sns: new SNSClient({}),
  topicArn: required(process.env, 'MCP_GRANTS_TOPIC'),
  publicUrl: required(process.env, 'MCP_PUBLIC_URL'),
  store: createDynamoDbStore(new DynamoDBClient({}), required(process.env, 'MCP_GRANTS_TABLE')),
});

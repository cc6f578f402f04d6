import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createResponder, type Responder } from '../../lambda/response';
import { createDynamoDbStore } from '../../lambda/stores/aws-dynamodb-store';

/** The incidents of a response in AWS, to be read. Credentials are those of the environment. */
export function openAwsCases(table: string, region: string | undefined): Pick<Responder, 'list' | 'find'> {
  return createResponder({ store: createDynamoDbStore(new DynamoDBClient({ region }), table), executors: {} });
}

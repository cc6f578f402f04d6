import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { ReviewRequest } from '../onboarding';

/** Sends requests for review to a topic of Amazon SNS; subscribers may choose by the message's attributes. */
export function createReviewTopic(client: SNSClient, TopicArn: string): (request: ReviewRequest) => Promise<void> {
  return async ({ subject, text, attributes }) => {
    const MessageAttributes = Object.fromEntries(Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]));
    await client.send(new PublishCommand({ TopicArn, Subject: subject, Message: text, MessageAttributes }));
  };
}

import { Stack } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';

/** A repository of Amazon ECR, as images name it. */
const IMAGE = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([a-z0-9._/-]+)(?:[:@]\S+)?$/;

/**
 * The repository of GuardDuty's agent for AWS Fargate.
 *
 * @param image as GuardDuty's documentation names it for the region, such as `<account>.dkr.ecr.<region>.amazonaws.com/aws-guardduty-agent-fargate`
 * @throws Error in one sentence when it is no image of Amazon ECR
 * @see https://docs.aws.amazon.com/guardduty/latest/ug/runtime-monitoring-ecr-repository-gdu-agent.html
 */
export function guardDutyAgent(scope: Construct, image: string): ecr.IRepository {
  const [, account, region, repository] = IMAGE.exec(image) ?? [];
  if (region === undefined) throw new Error(`guardDutyAgent is ${JSON.stringify(image)}, expected an image in a registry of Amazon ECR, as GuardDuty's documentation names it for the region`);
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return ecr.Repository.fromRepositoryArn(scope, 'GuardDutyAgent', Stack.of(scope).formatArn({ partition, service: 'ecr', region, account, resource: 'repository', resourceName: repository }));
}

import { Stack } from 'aws-cdk-lib';
import type { CfnElement, StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** A stack that takes less to synthesize. */
export class ReferenceStack extends Stack {
  private readonly logicalIds = new WeakMap<CfnElement, string>();

  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);
    // Where in the source each resource was made: `cdk synth --debug` still tells.
    this.node.setContext('aws:cdk:disable-creation-stack-traces', true);
  }

  /** Works out each id once: the CDK asks wherever a resource is referred to, some 6,000 times. */
  protected override allocateLogicalId(element: CfnElement): string {
    const known = this.logicalIds.get(element);
    if (known !== undefined) return known;
    const id = super.allocateLogicalId(element);
    this.logicalIds.set(element, id);
    return id;
  }
}

import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** A guardrail of Amazon Bedrock. */
export interface BedrockGuardrailOptions {
  /** Id of a guardrail whose filter for prompt attacks is on. */
  readonly guardrailId: string;

  /** Version of the guardrail. A number: `DRAFT` changes under you. */
  readonly guardrailVersion: string;

  /**
   * The detector's score, 0 to 1, from which on the guardrail is asked.
   *
   * @default 0.02
   */
  readonly fromScore?: number;

  /**
   * Key that encrypts the guardrail.
   *
   * @default - a key of the service
   */
  readonly encryptionKeyArn?: string;
}

/**
 * Who else is asked about a definition that the detector is not sure of. It can only make a verdict stricter: what a rule rejects
 * stays rejected, and when it cannot be heard, a person has to look.
 */
export abstract class SecondOpinion {
  /** The filter for prompt attacks of an Amazon Bedrock guardrail (`ApplyGuardrail`). */
  static bedrockGuardrail(options: BedrockGuardrailOptions): SecondOpinion {
    return new BedrockGuardrail(options);
  }

  /**
   * Lets a function ask. Answers what it is told of whom to ask.
   *
   * @param scope where the function is
   * @param grantee the function
   */
  abstract bind(scope: IConstruct, grantee: iam.IGrantable): Record<string, string>;
}

class BedrockGuardrail extends SecondOpinion {
  constructor(private readonly options: BedrockGuardrailOptions) {
    super();
    const { fromScore } = options;
    if (fromScore !== undefined && !(fromScore >= 0 && fromScore <= 1)) throw new Error(`fromScore is ${fromScore}, expected 0 to 1`);
  }

  bind(scope: IConstruct, grantee: iam.IGrantable): Record<string, string> {
    const { guardrailId, guardrailVersion, fromScore, encryptionKeyArn } = this.options;
    const stack = Stack.of(scope);
    iam.Grant.addToPrincipal({ grantee, actions: ['bedrock:ApplyGuardrail'], resourceArns: [stack.formatArn({ service: 'bedrock', resource: 'guardrail', resourceName: guardrailId })] });
    if (encryptionKeyArn) iam.Grant.addToPrincipal({ grantee, actions: ['kms:Decrypt'], resourceArns: [encryptionKeyArn] });
    return { MCP_REGISTRY_GUARDRAIL: stack.toJsonString({ id: guardrailId, version: guardrailVersion, fromScore }) };
  }
}

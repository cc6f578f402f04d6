import type { Duration } from 'aws-cdk-lib';
import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';

/** How long a DLP service is waited for, and what then. */
export interface DlpServiceOptions {
  /**
   * How long an answer is waited for.
   *
   * @default Duration.seconds(2)
   */
  readonly timeout?: Duration;

  /**
   * Let results pass that the service did not judge, because it is late, out of reach or not understood.
   *
   * @default false
   */
  readonly unsafeAllowOnFailure?: boolean;
}

/** A DLP service as the proxy is told of it. */
export interface DlpServiceConfig {
  /** JSON of the service's settings, without its limits. */
  readonly settings: Record<string, string>;
}

/** A guardrail that results are assessed by. */
export interface GuardrailDlpOptions extends DlpServiceOptions {
  /** Id of the guardrail. */
  readonly guardrailId: string;

  /** Version of the guardrail. A number: `DRAFT` changes under you. */
  readonly guardrailVersion: string;
}

/** Data loss prevention that every result goes through besides the guard's own recognisers (DLP-1, ENT-3). */
export abstract class DlpService {
  /**
   * A service behind an HTTP endpoint, which is posted `{server, target, result}`.
   *
   * @param url https
   */
  static http(url: string, options: DlpServiceOptions = {}): DlpService {
    return new PlainDlp(options, { kind: 'http', url });
  }

  /**
   * A service that speaks ICAP (RFC 3507).
   *
   * @param url icap://host:port/service or icaps://
   */
  static icap(url: string, options: DlpServiceOptions = {}): DlpService {
    if (!/^icaps?:\/\//.test(url)) throw new Error(`the url of the ICAP service is ${JSON.stringify(url)}, expected icap:// or icaps://`);
    return new PlainDlp(options, { kind: 'icap', url });
  }

  /** Amazon Comprehend, which takes personal data out. */
  static comprehend(options: DlpServiceOptions = {}): DlpService {
    return new ComprehendDlp(options);
  }

  /** A guardrail of Amazon Bedrock, which masks or blocks. */
  static bedrockGuardrail(options: GuardrailDlpOptions): DlpService {
    return new GuardrailDlp(options);
  }

  /** A function of your own, which is invoked with `{server, target, result}` and answers `{action, findings, result}`. */
  static lambda(handler: lambda.IFunction, options: DlpServiceOptions = {}): DlpService {
    return new LambdaDlp(options, handler);
  }

  protected constructor(private readonly options: DlpServiceOptions) {}

  /**
   * Lets the proxy ask. Answers what it is told of whom to ask.
   *
   * @param scope where the proxy is
   * @param grantee the proxy
   */
  abstract bind(scope: IConstruct, grantee: iam.IGrantable): DlpServiceConfig;

  /**
   * The service as the proxy reads it.
   *
   * @internal
   */
  _settings(scope: IConstruct, grantee: iam.IGrantable): Record<string, unknown> {
    const { timeout, unsafeAllowOnFailure } = this.options;
    return { ...this.bind(scope, grantee).settings, timeoutMs: timeout?.toMilliseconds(), onFailure: unsafeAllowOnFailure ? 'allow' : undefined };
  }
}

class PlainDlp extends DlpService {
  constructor(options: DlpServiceOptions, private readonly settings: Record<string, string>) {
    super(options);
  }

  bind(): DlpServiceConfig {
    return { settings: this.settings };
  }
}

class ComprehendDlp extends DlpService {
  constructor(options: DlpServiceOptions) {
    super(options);
  }

  bind(_scope: IConstruct, grantee: iam.IGrantable): DlpServiceConfig {
    // The action knows no resources.
    iam.Grant.addToPrincipal({ grantee, actions: ['comprehend:DetectPiiEntities'], resourceArns: ['*'] });
    return { settings: { kind: 'comprehend' } };
  }
}

class GuardrailDlp extends DlpService {
  constructor(private readonly guardrail: GuardrailDlpOptions) {
    super(guardrail);
  }

  bind(scope: IConstruct, grantee: iam.IGrantable): DlpServiceConfig {
    const { guardrailId, guardrailVersion } = this.guardrail;
    iam.Grant.addToPrincipal({ grantee, actions: ['bedrock:ApplyGuardrail'], resourceArns: [Stack.of(scope).formatArn({ service: 'bedrock', resource: 'guardrail', resourceName: guardrailId })] });
    return { settings: { kind: 'bedrock-guardrail', guardrailId, guardrailVersion } };
  }
}

class LambdaDlp extends DlpService {
  constructor(options: DlpServiceOptions, private readonly handler: lambda.IFunction) {
    super(options);
  }

  bind(_scope: IConstruct, grantee: iam.IGrantable): DlpServiceConfig {
    iam.Grant.addToPrincipal({ grantee, actions: ['lambda:InvokeFunction'], resourceArns: [this.handler.functionArn] });
    return { settings: { kind: 'lambda', functionArn: this.handler.functionArn } };
  }
}

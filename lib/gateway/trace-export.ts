import { Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';

/** Which traces are exported. */
export interface TraceExportOptions {
  /**
   * How many of the traces that begin at the gateway are recorded, from 0 to 1. A caller that traces decides for its own.
   *
   * @default 1
   */
  readonly sampleRatio?: number;
}

/** What sends spans for `xRay()`. The actions know no resources. */
const SEND_TO_XRAY = ['xray:PutTraceSegments', 'xray:PutSpans', 'xray:PutSpansForIndexing'];

/**
 * Where the functions of a gateway send their OpenTelemetry spans: authentication, each decision, the way to the MCP server. They are sent when a request
 * is answered and before the function is frozen; a receiver that is away costs the proxy's clients nothing, and the authorizer at most 0.3 seconds.
 *
 * Control: GW-4.
 */
export class TraceExport {
  /**
   * The OTLP endpoint of AWS X-Ray, which the functions' roles sign for. The account needs CloudWatch Transaction Search. In a network without a way out it
   * needs an interface endpoint of X-Ray, which `DedicatedSecurityZone` makes.
   */
  static xRay(options: TraceExportOptions = {}): TraceExport {
    return new TraceExport(options);
  }

  /**
   * A receiver of OTLP over HTTP in JSON, such as an OpenTelemetry Collector. The functions show it no key: their network is who may send to it.
   *
   * @param url its base, `https://collector.internal.example.com:4318`; spans go to `/v1/traces` below it
   */
  static collector(url: string, options: TraceExportOptions = {}): TraceExport {
    if (!Token.isUnresolved(url) && !/^https:\/\/[^/?#@]+(\/[^?#]*[^/?#])?$/.test(url)) throw new Error(`the receiver of traces is ${JSON.stringify(url)}, expected an https URL without a trailing slash, credentials, query or fragment`);
    return new TraceExport(options, url);
  }

  private constructor(
    private readonly options: TraceExportOptions,
    private readonly url?: string,
  ) {
    const { sampleRatio = 1 } = options;
    if (!(sampleRatio >= 0 && sampleRatio <= 1)) throw new Error(`sampleRatio is ${sampleRatio}, expected 0 to 1`);
  }

  /**
   * What the senders do with AWS X-Ray; nothing where they send to a collector.
   *
   * @internal
   */
  _actions(): string[] {
    return this.url === undefined ? SEND_TO_XRAY : [];
  }

  /** @internal */
  _bind(functions: { readonly [serviceName: string]: lambda.Function }): void {
    for (const [serviceName, sender] of Object.entries(functions)) {
      for (const [name, value] of Object.entries(this.environmentOf(sender, serviceName))) sender.addEnvironment(name, value);
      if (this.url === undefined) sender.addToRolePolicy(new iam.PolicyStatement({ actions: SEND_TO_XRAY, resources: ['*'] }));
    }
  }

  private environmentOf(sender: lambda.Function, serviceName: string): { readonly [name: string]: string } {
    const { region, urlSuffix } = Stack.of(sender);
    const { sampleRatio = 1 } = this.options;
    return {
      ...(this.url === undefined ? { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `https://xray.${region}.${urlSuffix}/v1/traces`, MCP_TRACES_SIGNED_FOR: 'xray' } : { OTEL_EXPORTER_OTLP_ENDPOINT: this.url }),
      OTEL_SERVICE_NAME: serviceName,
      ...(sampleRatio === 1 ? {} : { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: `${sampleRatio}` }),
    };
  }
}

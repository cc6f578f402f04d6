import { Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import type { TelemetryPods } from '../cluster/manifests';

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
 * Where a gateway sends its OpenTelemetry spans: authentication, each decision, the way to the MCP server. Functions send them when a request
 * is answered and before they are frozen; a receiver that is away costs the proxy's clients nothing, and the authorizer at most 0.3 seconds.
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

  /**
   * A receiver of OTLP over HTTP in JSON in the cluster that the gateway's pods run in: `ContainerizedMicroservices` opens the way to it, and the mesh
   * encrypts it. Functions reach no pods.
   *
   * @param receiver its Service and its pods
   */
  static pods(receiver: TelemetryPods, options: TraceExportOptions = {}): TraceExport {
    return new TraceExport(options, undefined, receiver);
  }

  private constructor(
    private readonly options: TraceExportOptions,
    private readonly url?: string,
    /** @internal */
    readonly _pods?: TelemetryPods,
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
    return this.url === undefined && this._pods === undefined ? SEND_TO_XRAY : [];
  }

  /**
   * Has functions send spans.
   *
   * @internal
   */
  _bind(functions: { readonly [serviceName: string]: lambda.Function }): void {
    if (this._pods) throw new Error('traceExport is to pods, which functions do not reach: expected TraceExport.xRay() or TraceExport.collector()');
    for (const [serviceName, sender] of Object.entries(functions)) {
      for (const [name, value] of Object.entries(this._environment(sender, serviceName))) sender.addEnvironment(name, value);
      this._letSend(sender);
    }
  }

  /**
   * Lets a role send to AWS X-Ray, where spans go there.
   *
   * @internal
   */
  _letSend(sender: iam.IGrantable): void {
    if (this._actions().length > 0) iam.Grant.addToPrincipal({ grantee: sender, actions: this._actions(), resourceArns: ['*'] });
  }

  /**
   * What a sender is told; where its pods are, manifests say.
   *
   * @internal
   */
  _environment(scope: IConstruct, serviceName: string): { readonly [name: string]: string } {
    const { region, urlSuffix } = Stack.of(scope);
    const { sampleRatio = 1 } = this.options;
    const xRay = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `https://xray.${region}.${urlSuffix}/v1/traces`, MCP_TRACES_SIGNED_FOR: 'xray' };
    return {
      ...(this.url === undefined ? this._pods === undefined && xRay : { OTEL_EXPORTER_OTLP_ENDPOINT: this.url }),
      OTEL_SERVICE_NAME: serviceName,
      ...(sampleRatio === 1 ? {} : { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: `${sampleRatio}` }),
    };
  }
}

import { Unit } from 'aws-cdk-lib/aws-cloudwatch';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { all, conditionsOf, valueOf } from './event-fields';
import type { DetectionLine, FailureLine, FirewallAlert, GuardMetricLine, RequestLine, ResolverLine, ServicesLine, WebAclLine } from './event-fields';

/** A metric that lines of a log are counted or read into. */
export interface LineMetric {
  readonly pattern: string;
  /** @default - counts */
  readonly value?: string;
  readonly unit?: Unit;
  /** Name of the dimension, and the member that it is taken from. Only of members that have few values: CloudWatch keeps a metric for each. */
  readonly dimensions?: { readonly [name: string]: string };
}

const request = conditionsOf<RequestLine>();
const detection = conditionsOf<DetectionLine>();
const guard = conditionsOf<GuardMetricLine>();
const failure = conditionsOf<FailureLine>();
const services = conditionsOf<ServicesLine>();
const webAcl = conditionsOf<WebAclLine>();
const firewall = conditionsOf<FirewallAlert>('event.alert.');
const resolver = conditionsOf<ResolverLine>();

/** What lines of the log of code that decides become, besides what its gateway counts itself (LOG-3). */
export const AUDIT_METRICS = {
  /** Refusals by the word that says why: some tens of words of this package, never of a client. */
  Refusals: { pattern: all(request.is('decision', 'deny')), dimensions: { Reason: valueOf<RequestLine>('reason') } },
  /** Tokens that were refused; a request without one only asks where to get it. */
  FailedSignIns: { pattern: all(request.is('httpStatus', 401), request.is('reason', 'no_token', '!=')) },
  /** Decisions that could not be taken, and upstream servers that failed. */
  Failures: { pattern: all(request.is('decision', 'error')) },
  /** DLP-3. */
  ResponseBytes: { pattern: all(request.is('method', 'tools/call'), request.is('decision', 'allow')), value: valueOf<RequestLine>('responseBytes'), unit: Unit.BYTES },
  /** LOG-3: repeated failures, then a success. */
  FailuresThenSuccess: { pattern: all(detection.is('kind', 'detection'), detection.is('signal', 'failures_then_success')) },
  /** LOG-3: tools one after the other that never followed each other. */
  UnusualSequences: { pattern: all(detection.is('kind', 'detection'), detection.is('signal', 'unusual_sequence')) },
  /** TB-1: what is unusual about a tool in everybody's hands. */
  ChangedTools: { pattern: all(detection.is('kind', 'detection'), detection.is('signal', 'tool_*')) },
  /** CV-2. */
  HighRisks: { pattern: all(detection.is('kind', 'detection'), detection.is('risk', 75, '>=')) },
  /** LOG-3, DLP-1: what a data guard stopped. */
  BlockedData: { pattern: all(guard.is('Findings', 1, '>='), guard.is('action', 'blocked')), value: valueOf<GuardMetricLine>('Findings') },
} satisfies Readonly<Record<string, LineMetric>>;

/** Those of what behaviour raised. */
export const DETECTION_METRICS = ['FailuresThenSuccess', 'UnusualSequences', 'ChangedTools', 'HighRisks'] as const satisfies readonly (keyof typeof AUDIT_METRICS)[];

/** What those who watch cannot do (SOC-3). */
export const WATCHER_METRICS = {
  /** Findings that Security Hub did not take. */
  RefusedFindings: { pattern: all(failure.is('kind', 'failure')) },
  /** Services of AWS and plans of GuardDuty that are off, and stay off. */
  ServicesLeftOff: { pattern: all(services.is('kind', 'threat_services')), value: valueOf<ServicesLine>('leftOff') },
} satisfies Readonly<Record<string, LineMetric>>;

/** What the networks in front of and around the gateway record (TB-4). */
export const NETWORK_METRICS = {
  WebAclBlocks: { pattern: all(webAcl.is('action', 'BLOCK')) },
  FirewallDrops: { pattern: all(firewall.is('action', 'blocked')) },
  DnsBlocks: { pattern: all(resolver.is('firewall_rule_action', 'BLOCK')) },
} satisfies Readonly<Record<string, LineMetric>>;

/** Reads lines of a log group into a metric. */
export function addLineMetric(scope: Construct, id: string, logGroup: logs.ILogGroup, metricNamespace: string, metricName: string, metric: LineMetric): void {
  new logs.MetricFilter(scope, id, {
    logGroup,
    metricNamespace,
    metricName,
    filterPattern: logs.FilterPattern.literal(metric.pattern),
    metricValue: metric.value ?? '1',
    unit: metric.unit,
    dimensions: metric.dimensions,
  });
}

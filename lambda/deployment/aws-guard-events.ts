import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { GuardReport } from '../guard';

/** Where findings of guards go besides the audit trail. */
export interface GuardReporter {
  /** @param eventBus name or ARN; findings are only counted without one */
  report(report: GuardReport, eventBus: string | undefined): void;
  /** Sends what was reported. What a bus does not take is lost to it, and stays in the audit trail. */
  flush(): Promise<void>;
}

const BATCH = 10;
const MOST = 500;
export const GUARD_METRICS_NAMESPACE = 'McpZeroTrust/Guard';

/** Sends findings as events (`MCP guard finding`) and counts them as metrics by server, category and action. Never the datum. */
export function createGuardReporter(events = new EventBridgeClient({}), metrics = new Metrics({ namespace: GUARD_METRICS_NAMESPACE, serviceName: 'gateway' })): GuardReporter {
  const waiting: { readonly bus: string; readonly detail: string }[] = [];
  return {
    report({ server, target, requestId, findings }, eventBus) {
      for (const { category, action, count } of findings) {
        const one = metrics.singleMetric();
        one.addDimensions({ server, category, action });
        one.addMetric('Findings', MetricUnit.Count, count);
      }
      if (eventBus !== undefined && waiting.length < MOST) waiting.push({ bus: eventBus, detail: JSON.stringify({ server, target, requestId, findings: findings.slice(0, 50) }) });
    },
    async flush() {
      while (waiting.length > 0) {
        const Entries = waiting.splice(0, BATCH).map(({ bus, detail }) => ({ EventBusName: bus, Source: 'mcp-zero-trust', DetailType: 'MCP guard finding', Detail: detail }));
        await events.send(new PutEventsCommand({ Entries })).catch(() => {});
      }
    },
  };
}

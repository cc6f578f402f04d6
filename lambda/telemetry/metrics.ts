import type { AuditEvent, AuditSink } from '../audit';
import type { Detection } from '../behaviour';
import { createHistogram } from './histogram';
import { label, seriesOf } from './exposition';

export interface Metrics {
  /** Counts the event of each request. */
  readonly sink: AuditSink;
  /** Counts what behaviour raised. */
  detected(detection: Pick<Detection, 'kind'>): void;
  /** OpenMetrics 1.0 text. */
  read(): string;
}

export const METRICS_CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Label sets of one metric; what comes after them is counted as `other`, so that no client fills the memory. */
const MAX_SERIES = 500;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const BYTES = [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];

/** Everything counts from the start of the process. Labels are names of servers, methods and reasons, and never of principals. */
export function createMetrics(): Metrics {
  const requests = new Map<string, number>();
  /** Label sets that were written before, by server, method and decision: writing one takes longer than counting. */
  const written = new Map<string | undefined, Map<string | undefined, Partial<Record<AuditEvent['decision'], string>>>>();
  const denials = new Map<string, number>();
  const detections = new Map<string, number>();
  const seconds = createHistogram('mcp_request_duration_seconds', 'How long requests took.', SECONDS);
  const bytes = createHistogram('mcp_response_bytes', 'Sizes of answers (DLP-3).', BYTES);

  function count(metric: Map<string, number>, labels: string): void {
    const before = metric.get(labels);
    const key = before === undefined && metric.size >= MAX_SERIES ? 'other="true"' : labels;
    metric.set(key, (metric.get(key) ?? 0) + 1);
  }

  function labelsOf({ server, method, decision }: AuditEvent): string {
    let methods = written.get(server);
    if (methods === undefined) written.set(server, (methods = new Map()));
    let decisions = methods.get(method);
    if (decisions === undefined) {
      // Methods are what clients say they are: no more of them are kept than are counted.
      if (methods.size >= MAX_SERIES) methods.clear();
      methods.set(method, (decisions = {}));
    }
    return (decisions[decision] ??= `${label('server', server)},${label('method', method)},${label('decision', decision)}`);
  }

  function write(event: AuditEvent): void {
    const { server, decision, reason, durationMs, responseBytes } = event;
    count(requests, labelsOf(event));
    if (decision !== 'allow') count(denials, `${label('server', server)},${label('reason', reason)}`);
    seconds.observe(durationMs / 1_000);
    bytes.observe(responseBytes);
  }

  return {
    sink: { write, flush: () => Promise.resolve() },
    detected: ({ kind }) => count(detections, label('kind', kind)),
    read() {
      return [
        seriesOf('mcp_requests', 'Requests by server, method and decision.', requests),
        seriesOf('mcp_refusals', 'Requests that were refused or failed, by reason.', denials),
        seriesOf('mcp_detections', 'What was unusual, by kind (CV-2).', detections),
        seconds.read(),
        bytes.read(),
        '# EOF\n',
      ].join('');
    },
  };
}

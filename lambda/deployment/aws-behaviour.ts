import { createBehaviourMonitor, detectionLine, type BehaviourMonitor } from '../behaviour';
import { createDetectionMetrics } from '../telemetry/aws-detection-metrics';

/**
 * Watches how principals and tools behave, as far as this process sees it (CV-2, TB-1, LOG-3): what people should look at becomes an event of
 * the audit trail and a metric.
 *
 * @param namespace CloudWatch namespace of the metrics; nothing is watched without one
 * @param writeLine keeps an event
 */
export function watchBehaviour(namespace: string | undefined, writeLine: (line: string) => void): BehaviourMonitor | undefined {
  if (namespace === undefined) return undefined;
  const count = createDetectionMetrics(namespace);
  return createBehaviourMonitor({
    onDetection(detection) {
      writeLine(detectionLine(detection));
      count(detection);
    },
  });
}

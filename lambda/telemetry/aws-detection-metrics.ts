import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Detection } from '../behaviour';

/**
 * Counts what behaviour raised, in CloudWatch's embedded metric format, one line of the function's log each: `Detections` by the dimension
 * `signal`, and `Risk`. Never a principal: CloudWatch keeps a metric for each value of a dimension.
 *
 * Control: CV-2, TB-1.
 */
export function createDetectionMetrics(namespace: string, metrics = new Metrics({ namespace, serviceName: 'gateway' })): (detection: Pick<Detection, 'kind' | 'risk'>) => void {
  return ({ kind, risk }) => {
    const one = metrics.singleMetric();
    one.addDimension('signal', kind);
    one.addMetric('Detections', MetricUnit.Count, 1);
    const all = metrics.singleMetric();
    all.addMetric('Risk', MetricUnit.NoUnit, risk);
  };
}

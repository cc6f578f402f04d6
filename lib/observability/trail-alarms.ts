import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { McpServingGateway } from '../gateway';
import type { AlarmFactory } from './alarms';
import type { AuditTrail } from './audit-trail';
import { addForwardingAlarms } from './forwarding';

/** Seconds that an event may wait to be archived. */
const ARCHIVED_WITHIN = 1_800;
/** Failures of the function that reads the archive within 5 minutes: it is tried again, and what it gives up on is an alarm of its own. */
const READ_FAILURES = 5;

/**
 * Alarms on each step of an event into the archive, and on what is read from there: a record that is late, refused, lost or never sent is told of (LOG-2, LOG-4,
 * MUL-11). The last one asks nobody on the way, and so hears of a subscription that was removed.
 */
export function addTrailAlarms(alarms: AlarmFactory, trail: AuditTrail, gateway: McpServingGateway): void {
  addForwardingAlarms(alarms, { id: 'Audit', what: 'Audit events', purpose: 'archived', errors: trail.metricForwardingErrors(), throttled: trail.metricForwardingThrottled() });
  alarms.below('AuditWrites', 'Audit events cannot be written into their archive', trail.metricDeliverySuccess(), { periods: 3 });
  alarms.above('AuditDelivery', 'Audit events are not archived', trail.metricDataFreshness(), { threshold: ARCHIVED_WITHIN });

  const hour = { period: Duration.hours(1) };
  const missing = new cloudwatch.MathExpression({
    expression: 'IF(FILL(requests, 0) > 0 AND FILL(records, 0) == 0, 1, 0)',
    usingMetrics: { requests: gateway.metricRequests(hour), records: trail.metricIncomingRecords(hour) },
    label: 'Requests, and no record of any',
    ...hour,
  });
  // Two: a record of the last second of an hour comes in the next.
  alarms.above('AuditMissing', 'Requests are served, and no record of any comes to be archived', missing, { periods: 2 });

  const reader = trail._readerFailures();
  if (!reader) return;
  alarms.above('ArchiveReading', 'Archived audit events are not read: none in OCSF, and no behaviour over all instances is seen', reader.errors, { threshold: READ_FAILURES });
  alarms.above('ArchiveUnread', 'Archived audit events were given up on: they are missing in OCSF, and their behaviour was not seen', reader.undelivered);
}

/** Eyes: the audit trail, monitoring, and the threat detection of AWS around it. */
export { AuditTrail } from './audit-trail';
export type { AuditTrailProps } from './audit-trail-props';
export { Monitoring } from './monitoring';
export type { MonitoringOptions, MonitoringProps } from './monitoring-props';
export * from './response';
export { Observability } from './observability';
export type { ObservabilityOptions, ObservabilityProps } from './observability';
export { ProtectionPlan } from './protection-plan';
export type { SecurityLakeOptions } from './security-lake';
export { ThreatDetection } from './threat-detection';
export type { ThreatDetectionOptions, ThreatDetectionProps } from './threat-detection-props';

/** Which events tell of an incident, and of which: registry, behaviour, GuardDuty, alarms. Pure. */
export * from './build';
export * from './from-alarm';
export * from './from-detection';
export * from './from-event';
export * from './from-guardduty';
export * from './from-registry';

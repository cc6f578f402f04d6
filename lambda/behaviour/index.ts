/** How principals and tools usually behave, and how far a call is from that: risk for policies, detections for people (CV-2, TB-1, LOG-3). */
export { detectionLine } from './line';
export { createBehaviourMonitor, type BehaviourMonitor, type BehaviourOptions } from './monitor';
export { type Assessor, type ObservedCall } from './observed-call';
export { isToolSignal, SIGNALS, TOOL_SIGNALS, type Detection, type SignalKind, type ToolSignalKind } from './signal';
export { DEFAULT_BEHAVIOUR_SETTINGS, type BehaviourSettings } from './settings';
export { TOOL_QUIET_MS } from './tool';

import { isJsonObject, type JsonObject, type JsonValue } from '../../protocol';
import { INCIDENT_EVENT, type Incident } from '../incident';
import type { Estate } from '../playbook';
import { NotAnIncident, readIncident } from '../read-incident';
import { incidentOfAlarm, type AlarmMeaning } from './from-alarm';
import { incidentOfFinding } from './from-guardduty';
import { incidentOfStep, type RegistryStep } from './from-registry';

/** An event of EventBridge, as far as it matters here. */
export interface BusEvent {
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: JsonValue;
}

/**
 * The incident that an event of the bus tells of, or `undefined` where it tells of none. Each detail is believed only for its own
 * source: rules match both, and AWS lets nobody else send with a source of its services.
 *
 * Every incident is read again as strictly as one from outside, so that a mapping cannot put into it what a reader refuses.
 * @param estate whose workloads findings have to be about. @default - anybody's
 * @throws NotAnIncident
 */
export function incidentOfEvent(event: BusEvent, alarms: Readonly<Record<string, AlarmMeaning>> = {}, estate?: Estate): Incident | undefined {
  const { source, 'detail-type': type, detail } = event;
  if (!isJsonObject(detail)) throw new NotAnIncident('the event has no detail');
  if (source === INCIDENT_EVENT.source && type === INCIDENT_EVENT.detailType) return readIncident(detail);
  const incident = mapped(source, type, detail, alarms, estate);
  return incident && readIncident(JSON.parse(JSON.stringify(incident)) as JsonValue);
}

function mapped(source: string, type: string, detail: JsonObject, alarms: Readonly<Record<string, AlarmMeaning>>, estate: Estate | undefined): Incident | undefined {
  switch (`${source}/${type}`) {
    case 'mcp-zero-trust.registry/MCP Tool State Change':
      return incidentOfStep(detail as unknown as RegistryStep);
    case 'aws.guardduty/GuardDuty Finding':
      return incidentOfFinding(detail, estate);
    case 'aws.cloudwatch/CloudWatch Alarm State Change':
      return incidentOfAlarm(detail, alarms);
    default:
      return undefined;
  }
}

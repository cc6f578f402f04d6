import { isJsonObject, type JsonObject } from '../../protocol';
import type { Incident } from '../incident';
import { report, type Reported } from './build';

/** What an alarm means, as whoever made it says: an alarm itself knows neither. */
export type AlarmMeaning = Pick<Reported, 'kind' | 'severity' | 'subjects'>;

const SOURCE = 'aws.cloudwatch';

/** An alarm that went off, where it is known what it means. */
export function incidentOfAlarm(detail: JsonObject, meanings: Readonly<Record<string, AlarmMeaning>>): Incident | undefined {
  const { alarmName, state } = detail;
  if (typeof alarmName !== 'string' || !isJsonObject(state) || state.value !== 'ALARM' || typeof state.timestamp !== 'string') return undefined;
  const meaning = Object.hasOwn(meanings, alarmName) ? meanings[alarmName] : undefined;
  if (meaning === undefined) return undefined;
  return report({ name: SOURCE, eventId: `${alarmName} ${state.timestamp}` }, { ...meaning, at: state.timestamp, why: `the alarm ${alarmName} went off`, evidence: [{ kind: 'alarm', name: alarmName }] } as Reported);
}

import { Lazy } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';

interface ThresholdOptions {
  readonly threshold?: number;
  /** Periods of the metric, 5 minutes each unless it says otherwise, in all of which it has to be beyond it. @default 1 */
  readonly periods?: number;
}

/** Makes alarms that are alike: quiet without data, told to one topic. */
export class AlarmFactory {
  private readonly action: cloudwatch.IAlarmAction;

  constructor(private readonly scope: Construct, topic: sns.ITopic) {
    this.action = new actions.SnsAction(topic);
  }

  /** At or above a threshold, the first time by default. */
  above(id: string, alarmDescription: string, metric: cloudwatch.IMetric, { threshold = 1, periods = 1 }: ThresholdOptions = {}): cloudwatch.Alarm {
    return this.beyond(id, alarmDescription, metric, threshold, periods, cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD);
  }

  /** Below a threshold. */
  below(id: string, alarmDescription: string, metric: cloudwatch.IMetric, { threshold = 1, periods = 1 }: ThresholdOptions = {}): cloudwatch.Alarm {
    return this.beyond(id, alarmDescription, metric, threshold, periods, cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD);
  }

  /** Far above what is usual for the time of day and week, for what seldom happens. */
  rare(id: string, alarmDescription: string, metric: cloudwatch.IMetric): cloudwatch.Alarm {
    const alarm = this.farAboveUsual(id, alarmDescription, metric, 1);
    alarm.addAlarmAction(this.action);
    return alarm;
  }

  /** Far above what is usual for the time of day and week, for a quarter of an hour. Tells nobody by itself: many such things are harmless, and several at once are not. */
  unusual(id: string, alarmDescription: string, metric: cloudwatch.IMetric): cloudwatch.Alarm {
    const alarm = this.farAboveUsual(id, alarmDescription, metric, 3);
    acknowledge(alarm, { 'NIST.800.53.R5-CloudWatchAlarmAction': 'it acts as part of composite alarms, which have actions; by itself it would tell people of much that is harmless' });
    return alarm;
  }

  /** Several together. */
  together(id: string, alarmDescription: string, alarmRule: cloudwatch.IAlarmRule): cloudwatch.CompositeAlarm {
    const alarm = new cloudwatch.CompositeAlarm(this.scope, id, { alarmDescription, alarmRule });
    alarm.addAlarmAction(this.action);
    return alarm;
  }

  private beyond(id: string, alarmDescription: string, metric: cloudwatch.IMetric, threshold: number, evaluationPeriods: number, comparisonOperator: cloudwatch.ComparisonOperator): cloudwatch.Alarm {
    const treatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING;
    const alarm = new cloudwatch.Alarm(this.scope, id, { metric, alarmDescription, threshold, evaluationPeriods, comparisonOperator, treatMissingData });
    alarm.addAlarmAction(this.action);
    return alarm;
  }

  private farAboveUsual(id: string, alarmDescription: string, metric: cloudwatch.IMetric, evaluationPeriods: number): cloudwatch.Alarm {
    return new cloudwatch.AnomalyDetectionAlarm(this.scope, id, {
      metric, alarmDescription, evaluationPeriods,
      stdDevs: 4,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_UPPER_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }
}

const { AlarmState, AlarmRule } = cloudwatch;

/** Any of these. */
export function anyOf(...alarms: readonly (cloudwatch.IAlarm | undefined)[]): cloudwatch.IAlarmRule {
  return AlarmRule.anyOf(...alarms.filter((alarm) => alarm !== undefined).map((alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM)));
}

/** Any of these, as they are when the template is written. */
export function anyOfLater(alarms: () => readonly cloudwatch.IAlarm[]): cloudwatch.IAlarmRule {
  return { renderAlarmRule: () => Lazy.uncachedString({ produce: () => anyOf(...alarms()).renderAlarmRule() }) };
}

/** All of these at once. */
export function allOf(...rules: readonly cloudwatch.IAlarmRule[]): cloudwatch.IAlarmRule {
  return AlarmRule.allOf(...rules);
}

import { Lazy, Names, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { valueOf } from './event-fields';
import type { Field, RequestLine } from './event-fields';

/** A condition of a rule. */
interface RuleFilter {
  readonly Match: string;
  readonly In?: readonly (string | number)[];
  readonly EqualTo?: number;
  readonly NotIn?: readonly string[];
}

/** Who or what most of something comes from. */
interface ContributorRule {
  readonly keys: readonly Field<RequestLine>[];
  readonly filters: readonly RuleFilter[];
  /** Sums this member up. @default - counts lines */
  readonly sum?: Field<RequestLine>;
}

const where = (field: Field<RequestLine>, condition: Omit<RuleFilter, 'Match'>): RuleFilter => ({ Match: valueOf<RequestLine>(field), ...condition });

/** Rules of CloudWatch Contributor Insights over the events of requests. */
export const CONTRIBUTOR_RULES = {
  /** LOG-3: whose tokens are refused again and again. */
  FailedSignInsByAddress: { keys: ['sourceIp'], filters: [where('httpStatus', { EqualTo: 401 }), where('reason', { NotIn: ['no_token'] })] },
  RefusalsByPrincipal: { keys: ['principal.issuer', 'principal.id', 'reason'], filters: [where('decision', { In: ['deny'] })] },
  /** TB-1: who calls what. */
  CallsByPrincipal: { keys: ['principal.issuer', 'principal.id', 'server', 'target'], filters: [where('method', { In: ['tools/call'] })] },
  /** DLP-3: who takes how much. */
  BytesByPrincipal: { keys: ['principal.issuer', 'principal.id', 'server'], filters: [where('method', { In: ['tools/call'] })], sum: 'responseBytes' },
} satisfies Readonly<Record<string, ContributorRule>>;

export type ContributorRuleName = keyof typeof CONTRIBUTOR_RULES;

/** The rules, over some log groups. */
export class Contributors extends Construct {
  private readonly rules = new Map<ContributorRuleName, cloudwatch.CfnInsightRule>();

  /** @param logGroups those of the events, read when the template is written */
  constructor(scope: Construct, id: string, logGroups: () => readonly logs.ILogGroup[]) {
    super(scope, id);
    for (const [name, rule] of Object.entries(CONTRIBUTOR_RULES) as [ContributorRuleName, ContributorRule][]) {
      this.rules.set(name, new cloudwatch.CfnInsightRule(this, name, {
        ruleName: `${Names.uniqueResourceName(this, { maxLength: 90, separator: '-' })}-${name}`,
        ruleState: 'ENABLED',
        ruleBody: bodyOf(this, rule, logGroups),
      }));
    }
  }

  /** How much comes from the one that most of it comes from, in 5 minutes. */
  metricMost(name: ContributorRuleName, label: string): cloudwatch.MathExpression {
    return new cloudwatch.MathExpression({ expression: `INSIGHT_RULE_METRIC(${JSON.stringify(this.ruleName(name))}, "MaxContributorValue")`, usingMetrics: {}, label });
  }

  /** Whatever refers to a rule by its name has to wait for it. */
  applyBefore(dependent: Construct, name: ContributorRuleName): void {
    dependent.node.addDependency(this.rules.get(name)!);
  }

  ruleName(name: ContributorRuleName): string {
    return this.rules.get(name)!.ruleName;
  }
}

function bodyOf(scope: Construct, { keys, filters, sum }: ContributorRule, logGroups: () => readonly logs.ILogGroup[]): string {
  return Lazy.uncachedString({
    produce: () => Stack.of(scope).toJsonString({
      Schema: { Name: 'CloudWatchLogRule', Version: 1 },
      AggregateOn: sum === undefined ? 'Count' : 'Sum',
      LogGroupNames: logGroups().map(({ logGroupName }) => logGroupName),
      LogFormat: 'JSON',
      Contribution: { Keys: keys.map((key) => valueOf<RequestLine>(key)), Filters: filters, ...(sum === undefined ? {} : { ValueOf: valueOf<RequestLine>(sum) }) },
    }),
  });
}

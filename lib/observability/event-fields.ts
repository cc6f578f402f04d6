import type { AuditEvent } from '../../lambda/audit/event';
import type { Detection } from '../../lambda/behaviour/signal';

/** Members of a JSON object, and those of its objects. A member that is renamed where it is written no longer compiles where it is read. */
export type Field<Event> = {
  [Name in keyof Event & string]: NonNullable<Event[Name]> extends readonly unknown[] ? Name
    : NonNullable<Event[Name]> extends object ? Name | `${Name}.${keyof NonNullable<Event[Name]> & string}`
    : Name;
}[keyof Event & string];

/** The event of one request, as it is in a log. */
export type RequestLine = AuditEvent & { readonly kind: 'audit'; readonly level: 'info' | 'warn' | 'error' };

/** What behaviour raised, as it is in a log. */
export type DetectionLine = Omit<Detection, 'kind' | 'at'> & { readonly kind: 'detection'; readonly time: string; readonly signal: Detection['kind'] };

/** A finding of a data guard, as its metric in a log has it (`lambda/deployment/aws-guard-events.ts`). */
export interface GuardMetricLine {
  readonly server: string;
  readonly category: string;
  readonly action: string;
  readonly Findings: number;
}

/** What went wrong where nobody asked (`lambda/deployment/aws-security-findings.ts`). */
export interface FailureLine {
  readonly kind: 'failure';
  readonly message: string;
}

/** A check of the services that watch an account (`lambda/deployment/aws-threat-services.ts`). */
export interface ServicesLine {
  readonly kind: 'threat_services';
  readonly leftOff: number;
}

/** The record of a request that a web ACL looked at. */
export interface WebAclLine {
  readonly action: string;
  readonly terminatingRuleId: string;
}

/** What AWS Network Firewall says of an alert, below `event.alert`. */
export interface FirewallAlert {
  readonly action: string;
}

/** A query of Route 53 Resolver. */
export interface ResolverLine {
  readonly firewall_rule_action: string;
  readonly query_name: string;
  readonly srcaddr: string;
}

type Operator = '=' | '!=' | '>' | '>=' | '<' | '<=';

/** Conditions on the lines of one kind of event, in the words of CloudWatch Logs' filter patterns for JSON. */
export interface Conditions<Event> {
  is(field: Field<Event>, value: string | number, operator?: Operator): string;
}

/** @param below where in a line the event is. @default - it is the line */
export function conditionsOf<Event>(below = ''): Conditions<Event> {
  return {
    is: (field, value, operator = '=') => `$.${below}${field} ${operator} ${typeof value === 'number' ? value : JSON.stringify(value)}`,
  };
}

/** Lines for which all of it holds. */
export function all(...conditions: readonly string[]): string {
  return conditions.length === 1 ? `{ ${conditions[0]} }` : `{ ${conditions.map((condition) => `(${condition})`).join(' && ')} }`;
}

/** A selector of one member, for the value or a dimension of a metric. */
export function valueOf<Event>(field: Field<Event>): string {
  return `$.${field}`;
}

import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Acknowledges findings of rule packs on a construct of this library and on what is below it.
 *
 * @param reasons why each finding is accepted, by the rule's id
 */
export function acknowledge(scope: IConstruct, reasons: Readonly<Record<string, string>>): void {
  const limit = Error.stackTraceLimit;
  // The CDK notes a stack trace of each, which takes longer than all else here, and is of this library's own source.
  Error.stackTraceLimit = 0;
  try {
    Validations.of(scope).acknowledge(...Object.entries(reasons).map(([id, reason]) => ({ id, reason })));
  } finally {
    Error.stackTraceLimit = limit;
  }
}

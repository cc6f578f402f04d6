import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Says that nobody watches a model (LOG-2, LOG-4). */
export function warnUnobserved(scope: Construct): void {
  Annotations.of(scope).addWarningV2('cdk-mcp-zero-trust:unobserved', 'nobody watches this gateway, and whoever may delete its logs can rewrite what happened: leave unsafeUnobserved out');
}

import type { Template, TemplateResource } from './template';

/** Whether a resource keeps a rule. `not-applicable` is also the answer where a template does not tell. */
export type Verdict = 'compliant' | 'non-compliant' | 'not-applicable';

/** One thing that can be wrong with a template: data, and a pure function of the template. */
export interface SecurityRule {
  /** Stable; acknowledgements name it. */
  readonly id: string;
  /** Controls of the catalogue in `docs/controls.md`. */
  readonly controls: readonly string[];
  /** What is wrong, in one sentence. */
  readonly finding: string;
  /** Why it matters, and what to do. */
  readonly fix: string;
  /** CloudFormation types that the rule looks at. */
  readonly resourceTypes: readonly string[];
  /** Property that a finding points to. */
  readonly property: string;
  check(resource: TemplateResource, template: Template): Verdict;
}

export function compliantIf(condition: boolean): Verdict {
  return condition ? 'compliant' : 'non-compliant';
}

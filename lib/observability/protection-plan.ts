/** A protection plan of Amazon GuardDuty. */
export class ProtectionPlan {
  /** Who reads and writes objects in S3. */
  static readonly S3 = new ProtectionPlan('S3_DATA_EVENTS');

  /** Connections of AWS Lambda functions. */
  static readonly LAMBDA = new ProtectionPlan('LAMBDA_NETWORK_LOGS');

  /** Malware on the volumes of what other findings point at. */
  static readonly MALWARE = new ProtectionPlan('EBS_MALWARE_PROTECTION');

  /** What containers of AWS Fargate do, by an agent that GuardDuty puts beside them. In a security zone it needs `guardDutyAgent`. */
  static readonly RUNTIME_ECS = new ProtectionPlan('RUNTIME_MONITORING', ['ECS_FARGATE_AGENT_MANAGEMENT']);

  /** What pods do, by an agent on each node that GuardDuty or the cluster manages. */
  static readonly RUNTIME_EKS = new ProtectionPlan('RUNTIME_MONITORING', ['EKS_ADDON_MANAGEMENT']);

  /** What is asked of the API of Kubernetes. */
  static readonly EKS_AUDIT = new ProtectionPlan('EKS_AUDIT_LOGS');

  /**
   * Another one.
   *
   * @param name as GuardDuty's API names it
   * @param additionalConfiguration what else of it is switched on
   */
  static of(name: string, additionalConfiguration: string[] = []): ProtectionPlan {
    return new ProtectionPlan(name, additionalConfiguration);
  }

  private constructor(
    /** As GuardDuty's API names it. */
    readonly name: string,
    /** What else of it is switched on. */
    readonly additionalConfiguration: string[] = [],
  ) {}
}

/** The plans as GuardDuty takes them: each once, with all that is switched on of it. */
export function featuresOf(plans: readonly ProtectionPlan[]): { readonly name: string; readonly additionalConfiguration?: string[] }[] {
  const merged = new Map<string, Set<string>>();
  for (const { name, additionalConfiguration } of plans) merged.set(name, new Set([...(merged.get(name) ?? []), ...additionalConfiguration]));
  return [...merged].map(([name, more]) => (more.size === 0 ? { name } : { name, additionalConfiguration: [...more] }));
}

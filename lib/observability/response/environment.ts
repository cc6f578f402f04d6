/** The environment of the functions of a response (`lambda/deployment/response-settings.ts`). Values are plain strings; what is structured is JSON. */
export const ResponseVariable = {
  /** Name of the table. */
  TABLE: 'MCP_RESPONSE_TABLE',
  /** JSON: automaticFrom, approvalFor, protected, dryRun. */
  POLICY: 'MCP_RESPONSE_POLICY',
  /** JSON: workloads by server. */
  WORKLOADS: 'MCP_RESPONSE_WORKLOADS',
  /** JSON: names of clusters of EKS whose findings are incidents, besides those of the workloads. */
  EKS_CLUSTERS: 'MCP_RESPONSE_EKS_CLUSTERS',
  /** JSON: what alarms mean, by their names. */
  ALARMS: 'MCP_RESPONSE_ALARMS',
  /** JSON: ipv4 and ipv6, each with name and id. */
  IP_SETS: 'MCP_RESPONSE_IP_SETS',
  /** Id of the security group that lets nothing in or out. */
  ISOLATION_GROUP: 'MCP_RESPONSE_ISOLATION_GROUP',
  /** JSON: endpoint and certificateAuthority by the name of the cluster. */
  CLUSTERS: 'MCP_RESPONSE_CLUSTERS',
  /** JSON: Deployments that the response may take hold of, by cluster and namespace. */
  DEPLOYMENTS: 'MCP_RESPONSE_DEPLOYMENTS',
  /** Name of the function that alone reaches a cluster. */
  CLUSTER_FUNCTION: 'MCP_RESPONSE_CLUSTER_FUNCTION',
  /** What the names of AWS end with. */
  URL_SUFFIX: 'MCP_URL_SUFFIX',
  EVIDENCE_BUCKET: 'MCP_RESPONSE_EVIDENCE_BUCKET',
  /** JSON: auditLogs, lines by server, diskLockDays. */
  EVIDENCE: 'MCP_RESPONSE_EVIDENCE',
  /** ARN of the topic of the responders. */
  TOPIC: 'MCP_RESPONSE_TOPIC',
  /** ARN of the state machine. */
  WORKFLOW: 'MCP_RESPONSE_WORKFLOW',
} as const;

/** Partitions of the table (`lambda/response/ledger.ts`). */
export const COLLECTIONS = ['incidents', 'actions', 'containments'];

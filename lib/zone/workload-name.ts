/** Names of workloads in a zone: also in names of firewall variables, which may have 32 characters. */
export const WORKLOAD_NAME = /^[a-z0-9][a-z0-9_-]{0,24}$/;

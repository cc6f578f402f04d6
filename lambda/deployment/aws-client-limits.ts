/**
 * How long a service of AWS may take before it counts as away. Without limits, a service that takes a connection and says nothing would
 * hold every request that needs it, and the connection is used again and again after the service is back.
 */
export const CLIENT_LIMITS = {
  maxAttempts: 2,
  /** Milliseconds. */
  requestHandler: { connectionTimeout: 500, requestTimeout: 1_500, throwOnRequestTimeout: true },
} as const;

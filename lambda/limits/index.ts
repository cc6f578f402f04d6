/** How much one address, one principal and one endpoint may ask for (GW-3). */
export * from './memory-rate-limiter';
export * from './rate-limiter';

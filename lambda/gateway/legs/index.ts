/** Conversations with upstream servers, in the era of the client, whichever era the server speaks. */
export * from './capabilities';
export { modernMeta } from './gateway-info';
export * from './http-upstream';
export { settle, type Exchange, type LegacyLeg, type ModernLeg, type UpstreamDescription } from './leg';
export { mapResponse } from './map-response';
export * from './process-upstream';
export * from './server-upstream';

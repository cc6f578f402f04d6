/** The MCP data path: one Web-standard function from request to response, for every place the gateway runs in. */
export { createGateway, type Gateway, type Peer } from './gateway';
export { readIncoming, ServedMessage } from './inbound';
export type { GatewayGrants, GrantSite, SiteAnswer } from './grants';
export { PURPOSE_KEY } from './purpose';
export * from './options';
export { Cancellation, type CancelSignal } from './upstream';

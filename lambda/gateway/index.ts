/** The MCP data path: one Web-standard function from request to response, for every place the gateway runs in. */
export { createGateway, type Gateway, type Peer } from './gateway';
export * from './options';

/** The live page: what the gateway decides as it decides it, what is withheld, what is granted, for a person who watches. */
export { createLiveFeed, type LiveFeed } from './feed';
export type { LiveServer } from './health';
export { createLiveSite, type LiveSite, type LiveSiteOptions } from './site';
export type { LiveSources } from './sources';

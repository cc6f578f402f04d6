import type { Gateway } from '../gateway';
import { createLiveFeed, createLiveSite, type LiveFeed, type LiveSite, type LiveSources } from '../live';
import { isLoopback, type LocalConfig } from './config';

/** Where there is a live page: without a token only where nothing but this machine reaches it, not even through a reverse proxy. */
export function openLiveFeed({ page, listen, publicUrl }: Pick<LocalConfig, 'page' | 'listen' | 'publicUrl'>): LiveFeed | undefined {
  if (page === false) return undefined;
  const isOurs = isLoopback(listen.host) && (publicUrl === undefined || isLoopback(new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')));
  return isOurs || page?.token !== undefined ? createLiveFeed() : undefined;
}

export interface LivePageOptions {
  readonly feed: LiveFeed;
  readonly sources: LiveSources;
  readonly config: Pick<LocalConfig, 'page'>;
  readonly allowedHosts: readonly string[];
}

export function openLivePage({ feed, sources, config, allowedHosts }: LivePageOptions): LiveSite {
  const token = config.page === false ? undefined : config.page?.token;
  return createLiveSite({ feed, sources, allowedHosts, token });
}

/** The gateway with the live page at `/`. */
export function withLivePage(gateway: Pick<Gateway, 'fetch'>, page: LiveSite): Pick<Gateway, 'fetch'> {
  return {
    fetch(request, peer) {
      if (request.method !== 'GET' || !page.owns(new URL(request.url).pathname)) return gateway.fetch(request, peer);
      return Promise.resolve(page.fetch(request));
    },
  };
}

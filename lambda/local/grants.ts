import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { escapeUnprintable } from '../audit/unprintable';
import type { DecisionPoint } from '../authorization';
import type { GatewayGrants } from '../gateway';
import { createSeal } from '../gateway/sessions';
import { createCedarAuthority, createGrantDesk, createGrantSite, createKillSwitch, createSignInLinks, readGrantOverview, type GrantDesk, type GrantEvent, type GrantOverview, type SignInLinks } from '../grants';
import { principalId, type Authenticator, type Principal } from '../identity';
import type * as LocalTables from '../stores/local-table';
import type { GrantsConfig, LocalConfig } from './config';
import { StartError } from './start-error';

declare const require: (id: '../stores/local-table') => typeof LocalTables;

/** The grants on this machine, open for as long as somebody works with them. */
export interface LocalGrants {
  readonly desk: GrantDesk;
  readonly links: SignInLinks;
  /** All of them, for whoever runs the gateway. */
  overview(): Promise<GrantOverview>;
  close(): Promise<void>;
}

/** Hears what happens to grants while a gateway runs. */
export interface GrantWatcher {
  happened(event: GrantEvent): void;
  /** Whether access is blocked cannot be read. */
  failed(error: unknown): void;
}

/** The group that approvers are in. */
export const APPROVERS = 'approvers';

/**
 * Opens the grants that `config` names. Several processes may have them open at the same time.
 * @throws StartError
 */
export async function openLocalGrants(config: GrantsConfig, servers: readonly string[], decisionPoint: DecisionPoint, onEvent: (event: GrantEvent) => void): Promise<LocalGrants> {
  const { store, close } = await openTable(config.folder);
  const desk = createGrantDesk({ store, authority: createCedarAuthority(decisionPoint, servers), limits: config.limits, onEvent });
  return { desk, links: createSignInLinks(store), overview: () => readGrantOverview(store, Date.now()), close };
}

/** Loaded when grants are used: the database and its client take a moment that no other command pays. */
async function openTable(folder: string): Promise<LocalTables.LocalTable> {
  try {
    return await require('../stores/local-table').openLocalTable(join(folder, 'documents'));
  } catch (error) {
    throw new StartError(`The grants do not open: ${(error as Error).message}`);
  }
}

export interface ServedGrantsOptions {
  readonly local: LocalGrants;
  readonly url: string;
  readonly servers: readonly string[];
  readonly authenticator: Authenticator;
  readonly sealKey: Uint8Array;
  readonly onError: (error: unknown) => void;
}

/** What the gateway does with them. */
export function serveLocalGrants({ local, url, servers, authenticator, sealKey, onError }: ServedGrantsOptions): GatewayGrants {
  const { desk, links } = local;
  return {
    desk,
    killSwitch: createKillSwitch({ marks: desk.marks, onError }),
    approvalUrl: (id) => `${url}/approvals/${id}`,
    site: createGrantSite({ desk, publicUrl: url, servers, authenticator, seal: createSeal(sealKey), signIn: { kind: 'links', links } }),
  };
}

/**
 * The principal of somebody who is named here and not by a token. It has the issuer of the tokens, so that who asks with a
 * token and who approves by a link are the same person where they have the same name.
 */
export function localPrincipal(config: LocalConfig, url: string, id: string, groups: readonly string[] = [], type: Principal['type'] = 'User'): Principal {
  return { type, id: principalId(id), groups, scopes: [], issuer: config.identity?.trusted.issuer ?? (config.anonymous === undefined ? url : 'anonymous') };
}

/** The address that signs an approver in, once. */
export async function signInUrl(local: LocalGrants, url: string, approver: Principal): Promise<string> {
  return `${url}/approvals/sign-in?secret=${await local.links.issue(approver)}`;
}

/** Appends what happened to the audit file, beside the events of requests (LOG-1). */
export function writeGrantEvent(file: Writable, { at, ...event }: GrantEvent): void {
  file.write(`${escapeUnprintable(JSON.stringify({ time: new Date(at).toISOString(), ...event }))}\n`);
}

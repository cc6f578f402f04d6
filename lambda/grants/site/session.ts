import { randomBytes } from 'node:crypto';
import { principalId, type Principal } from '../../identity';
import { isJsonObject, type JsonObject } from '../../protocol';

/** Authenticated encryption of what travels through a browser. */
export interface SiteSeal {
  seal(purpose: string, value: JsonObject): string;
  open(purpose: string, text: string): JsonObject | undefined;
}

/** Somebody at the page. */
export interface Session {
  readonly principal: Principal;
  /** Binds forms to this session. */
  readonly nonce: string;
}

const SESSION_PURPOSE = 'approver-session';
const FORM_PURPOSE = 'approver-form';
/** How long a person stays signed in, milliseconds. */
const SESSION_MS = 3_600_000;
const FORM_MS = 3_600_000;

/** Sessions in cookies that only this gateway can read and write; nothing is kept. */
export class Sessions {
  private readonly cookie: string;
  private readonly attributes: string;

  constructor(
    private readonly seal: SiteSeal,
    private readonly clock: () => number,
    publicUrl: string,
  ) {
    const isSecure = publicUrl.startsWith('https:');
    // The prefix makes browsers take the cookie from this very host over TLS alone.
    this.cookie = isSecure ? '__Host-mcp-approver' : 'mcp-approver';
    this.attributes = `; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  }

  /** Value of `Set-Cookie` that signs somebody in. */
  begin(principal: Principal): string {
    const { type, id, issuer, groups, scopes } = principal;
    const value = { type, id, issuer, groups: [...groups], scopes: [...scopes], until: this.clock() + SESSION_MS, nonce: randomBytes(16).toString('base64url') };
    return `${this.cookie}=${this.seal.seal(SESSION_PURPOSE, value)}; Max-Age=${SESSION_MS / 1_000}${this.attributes}`;
  }

  /** Value of `Set-Cookie` that signs them out. */
  end(): string {
    return `${this.cookie}=; Max-Age=0${this.attributes}`;
  }

  of(headers: Headers): Session | undefined {
    const cookies = (headers.get('cookie') ?? '').split(';').map((pair) => pair.trim());
    const own = cookies.filter((pair) => pair.startsWith(`${this.cookie}=`));
    // Of two cookies of one name, one was put there by somebody else.
    if (own.length !== 1) return undefined;
    const opened = this.seal.open(SESSION_PURPOSE, own[0]!.slice(this.cookie.length + 1));
    if (!isJsonObject(opened) || Number(opened.until) <= this.clock()) return undefined;
    return { principal: principalOf(opened), nonce: String(opened.nonce) };
  }

  /** A value for a hidden field: without it, no form of ours is believed. */
  formToken({ nonce }: Session, path: string): string {
    return this.seal.seal(FORM_PURPOSE, { nonce, path, until: this.clock() + FORM_MS });
  }

  isOwnForm({ nonce }: Session, path: string, token: string): boolean {
    const opened = this.seal.open(FORM_PURPOSE, token);
    return opened !== undefined && opened.nonce === nonce && opened.path === path && Number(opened.until) > this.clock();
  }
}

/** A principal as it was written by ourselves. */
export function principalOf({ type, id, issuer, groups, scopes }: JsonObject): Principal {
  return { type: type === 'Agent' ? 'Agent' : 'User', id: principalId(String(id)), issuer: String(issuer), groups: strings(groups), scopes: strings(scopes) };
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

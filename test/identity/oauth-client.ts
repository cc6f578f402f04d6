import { Client, DpopSession, StreamableHTTPClientTransport, UnauthorizedError, type OAuthClientProvider, type OAuthDiscoveryState, type StoredOAuthClientInformation, type StoredOAuthTokens } from '@modelcontextprotocol/client';
import { browse } from './fixtures/authorization-server';

/** The official client's side of OAuth, for one account of a person who agrees to everything. */
export class TestPerson implements OAuthClientProvider {
  readonly redirectUrl = 'http://127.0.0.1:9/callback';
  readonly clientMetadata = {
    client_name: 'test',
    redirect_uris: [this.redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native' as const,
  };
  /** Where the person was sent, each time. */
  readonly visits: URL[] = [];
  stored: StoredOAuthTokens | undefined;
  private client: StoredOAuthClientInformation | undefined;
  private verifier = '';
  private discovered: OAuthDiscoveryState | undefined;
  private session: DpopSession | undefined;

  /** @param options.registered the client that is registered already. @default - it registers itself */
  constructor(
    readonly account: string,
    private readonly options: { readonly dpop?: boolean; readonly registered?: { readonly client_id: string; readonly issuer: string } } = {},
  ) {
    this.client = options.registered;
  }

  clientInformation = () => this.client;
  saveClientInformation = (client: StoredOAuthClientInformation) => void (this.client = client);
  tokens = () => this.stored;
  saveTokens = (tokens: StoredOAuthTokens) => void (this.stored = tokens);
  redirectToAuthorization = (url: URL) => void this.visits.push(url);
  saveCodeVerifier = (verifier: string) => void (this.verifier = verifier);
  codeVerifier = () => this.verifier;
  saveDiscoveryState = (state: OAuthDiscoveryState) => void (this.discovered = state);
  discoveryState = () => this.discovered;

  async dpop(): Promise<DpopSession | undefined> {
    if (this.options.dpop === true) this.session ??= await DpopSession.create();
    return this.session;
  }

  /** Does `use` with a connected client, going to the authorization server as often as that takes. */
  async use<Result>(url: string, use: (client: Client) => Promise<Result>): Promise<Result> {
    for (let attempt = 0; ; attempt++) {
      const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: this });
      const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
      const visits = this.visits.length;
      try {
        await client.connect(transport);
        return await use(client);
      } catch (error) {
        if (this.visits.length === visits || attempt === 3) throw error;
        if (!(error instanceof UnauthorizedError) && !/unauthorized|authoriz/i.test(String(error))) throw error;
        await transport.finishAuth(await browse(this.visits.at(-1)!, this.account));
      } finally {
        await client.close().catch(() => {});
      }
    }
  }
}

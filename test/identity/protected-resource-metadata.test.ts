import { protectedResourceMetadata, protectedResourceMetadataUrl } from '../../lambda/identity';

describe('protected resource metadata', () => {
  it('names the resource, its issuers and its scopes, and that tokens go into the header', () => {
    expect(
      protectedResourceMetadata({
        resource: 'https://gateway.example.com/mcp/files',
        authorizationServers: ['https://login.example.com'],
        scopes: ['mcp:tools', 'offline_access'],
        name: 'Files',
      }),
    ).toEqual({
      resource: 'https://gateway.example.com/mcp/files',
      authorization_servers: ['https://login.example.com'],
      bearer_methods_supported: ['header'],
      authorization_details_types_supported: ['mcp_tool'],
      scopes_supported: ['mcp:tools'],
      resource_name: 'Files',
    });
  });

  it('leaves out what is not known', () => {
    const document = protectedResourceMetadata({ resource: 'https://a.example', authorizationServers: ['https://b.example'] });
    expect(Object.keys(document)).toEqual(['resource', 'authorization_servers', 'bearer_methods_supported', 'authorization_details_types_supported']);
  });

  it.each([
    ['https://gateway.example.com', '/mcp/files', 'https://gateway.example.com/.well-known/oauth-protected-resource/mcp/files'],
    ['https://gateway.example.com/', '/mcp/files', 'https://gateway.example.com/.well-known/oauth-protected-resource/mcp/files'],
    ['https://gateway.example.com/prod', '/mcp/files', 'https://gateway.example.com/.well-known/oauth-protected-resource/prod/mcp/files'],
    ['http://127.0.0.1:8808', '', 'http://127.0.0.1:8808/.well-known/oauth-protected-resource'],
    ['http://127.0.0.1:8808', '/', 'http://127.0.0.1:8808/.well-known/oauth-protected-resource'],
  ])('of %s%s is at %s', (publicUrl, path, expected) => {
    expect(protectedResourceMetadataUrl(publicUrl, path)).toBe(expected);
  });
});

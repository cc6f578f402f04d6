import { PolicyStore } from '../authorization';
import type { IPolicyStore, McpPrincipal, Policy } from '../authorization';
import type { McpServer } from './server';

/**
 * What principals may do with one MCP server. Each grant writes a Cedar policy into the policy store; whoever is granted
 * something may also connect and see what they may use.
 */
export class McpServerGrants {
  /** Grants on a server, kept in a policy store. */
  static fromMcpServer(server: McpServer, policyStore: IPolicyStore): McpServerGrants {
    return new McpServerGrants(server, policyStore);
  }

  private constructor(
    private readonly server: McpServer,
    private readonly policyStore: IPolicyStore,
  ) {}

  /** Lets a principal connect and list what the server has. */
  discover(principal: McpPrincipal): Policy {
    return this.store()._grant(principal, { server: this.server.serverName });
  }

  /**
   * Lets a principal call tools of the server.
   *
   * @param principal who
   * @param tools names of the tools, at least one
   */
  callTool(principal: McpPrincipal, ...tools: string[]): Policy {
    return this.store()._grant(principal, { server: this.server.serverName, tools: atLeastOne('tool', 'callAnyTool', tools) });
  }

  /** Lets a principal call every tool of the server, also one that it has only later. */
  callAnyTool(principal: McpPrincipal): Policy {
    return this.store()._grant(principal, { server: this.server.serverName, any: 'tool' });
  }

  /**
   * Lets a principal get prompts of the server.
   *
   * @param principal who
   * @param prompts names of the prompts, at least one
   */
  getPrompt(principal: McpPrincipal, ...prompts: string[]): Policy {
    return this.store()._grant(principal, { server: this.server.serverName, prompts: atLeastOne('prompt', 'getAnyPrompt', prompts) });
  }

  /** Lets a principal get every prompt of the server. */
  getAnyPrompt(principal: McpPrincipal): Policy {
    return this.store()._grant(principal, { server: this.server.serverName, any: 'prompt' });
  }

  /**
   * Lets a principal read and subscribe to resources of the server.
   *
   * @param principal who
   * @param uris exact URIs of the resources, at least one
   */
  readResource(principal: McpPrincipal, ...uris: string[]): Policy {
    return this.store()._grant(principal, { server: this.server.serverName, resources: atLeastOne('resource', 'readAnyResource', uris) });
  }

  /** Lets a principal read and subscribe to every resource of the server. */
  readAnyResource(principal: McpPrincipal): Policy {
    return this.store()._grant(principal, { server: this.server.serverName, any: 'resource' });
  }

  private store(): PolicyStore {
    if (this.policyStore instanceof PolicyStore) return this.policyStore;
    throw new Error(`the policy store of the MCP server ${JSON.stringify(this.server.serverName)} is imported, so nothing can be granted here: write the policy where the store is defined`);
  }
}

function atLeastOne(what: string, all: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) throw new Error(`no ${what} is named, expected at least one; ${all}() grants all of them`);
  const nameless = names.find((name) => name === '' || name === '*');
  if (nameless !== undefined) throw new Error(`${JSON.stringify(nameless)} names no ${what}; ${all}() grants all of them`);
  return names;
}

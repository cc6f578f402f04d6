import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { McpToolDefinition } from './tool-definition';

/** Properties for a policy store. */
export interface PolicyStoreProps {
  /**
   * Folder of Cedar policies, `*.cedar`. Every policy in it becomes one of the store's.
   *
   * @default - no policies but those that are granted or added; what no policy permits is refused
   */
  readonly policiesFolder?: string;

  /**
   * Folder of Cedar policy templates, `*.cedar`, one in each file. Every file becomes a template under its name without `.cedar`;
   * `template()` finds it, and its `link()` makes policies of it.
   *
   * @default - no templates but those that are added
   */
  readonly templatesFolder?: string;

  /**
   * What the store is for; at most 150 characters.
   *
   * @default 'Who may use which MCP server, tool, prompt and resource'
   */
  readonly description?: string;

  /**
   * Refuse to delete the store, whoever asks.
   *
   * @default true
   */
  readonly deletionProtection?: boolean;

  /**
   * Key that encrypts the policies. It cannot be changed later.
   *
   * @default - a key of the service
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * What happens to the store when it is deleted from the stack.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** A Cedar policy to add to a store. */
export interface AddPolicyOptions {
  /** Cedar text of exactly one policy. */
  readonly statement: string;

  /**
   * Where the policy comes from or what it is for; at most 150 characters.
   *
   * @default - no description
   */
  readonly description?: string;
}

/** A Cedar policy template to add to a store. */
export interface AddTemplateOptions {
  /** Cedar text of exactly one template, with `?principal`, `?resource` or both in its scope. */
  readonly statement: string;

  /**
   * What the template is for; at most 150 characters.
   *
   * @default - the template's id
   */
  readonly description?: string;
}

/** An MCP server that policies are about. */
export interface PolicyServerOptions {
  /**
   * The server's tools as its `tools/list` gives them.
   *
   * @default - tools are known by the names that grants give them
   */
  readonly toolDefinitions?: McpToolDefinition[];
}

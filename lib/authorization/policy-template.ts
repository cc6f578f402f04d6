import { Resource } from 'aws-cdk-lib';
import { CfnPolicy, CfnPolicyTemplate } from 'aws-cdk-lib/aws-verifiedpermissions';
import type { Construct } from 'constructs';
import { STORE_QUOTA } from '../../lambda/authorization/schema-size';
import { ENTITY_TYPE } from '../../lambda/authorization/vocabulary';
import type { EntityType } from '../../lambda/authorization/vocabulary';
import type { PolicyStore } from './policy-store';
import type { McpPrincipal } from './principal';

/** Properties for a Cedar policy template. */
export interface PolicyTemplateProps {
  /** The store that the template is in. */
  readonly policyStore: PolicyStore;

  /** Its name in the store; findings name it. */
  readonly templateName: string;

  /** Cedar text of exactly one template. */
  readonly statement: string;

  /**
   * What the template is for; at most 150 characters.
   *
   * @default - no description
   */
  readonly description?: string;
}

/** What fills the slots of a template. */
export interface LinkTemplateOptions {
  /**
   * Fills `?principal`.
   *
   * @default - the template has no such slot
   */
  readonly principal?: McpPrincipal;

  /**
   * Name of the MCP server that fills `?resource`.
   *
   * @default - the template has no such slot, or `tool` fills it
   */
  readonly server?: string;

  /**
   * `<server>/<tool>`: the tool that fills `?resource`.
   *
   * @default - the template has no such slot, or `server` fills it
   */
  readonly tool?: string;
}

/**
 * A Cedar policy with slots. Policies that are linked to it change when it changes, in one deployment. Made by
 * `policyStore.addTemplate()`.
 */
export class PolicyTemplate extends Resource {
  /**
   * The id that the service gives the template.
   *
   * @attribute
   */
  readonly policyTemplateId: string;

  /** The Cedar text. */
  readonly statement: string;

  private readonly policyStore: PolicyStore;
  private readonly templateName: string;

  constructor(scope: Construct, id: string, props: PolicyTemplateProps) {
    super(scope, id);
    const bytes = Buffer.byteLength(props.statement);
    if (bytes > STORE_QUOTA.policyBytes) {
      throw new Error(`the template ${JSON.stringify(props.templateName)} has ${bytes} bytes, expected at most ${STORE_QUOTA.policyBytes}`);
    }
    this.statement = props.statement;
    this.policyStore = props.policyStore;
    this.templateName = props.templateName;
    const resource = new CfnPolicyTemplate(this, 'Resource', {
      policyStoreId: props.policyStore.policyStoreId,
      statement: props.statement,
      description: props.description?.slice(0, 150),
    });
    this.policyTemplateId = resource.attrPolicyTemplateId;
  }

  /**
   * Adds the policy that this template makes for a principal, a server or a tool.
   *
   * @param id name of the policy under this template
   * @param options what fills the slots
   */
  link(id: string, options: LinkTemplateOptions): CfnPolicy {
    const { principal, server, tool } = options;
    if (server !== undefined && tool !== undefined) throw new Error(`the link ${JSON.stringify(id)} names a server and a tool, expected one of them for ?resource`);
    const filled = {
      principal: this.filling('?principal', id, principal && uid(principal.type as EntityType, principal.id)),
      resource: this.filling('?resource', id, server === undefined ? tool === undefined ? undefined : uid('Tool', tool) : uid('Server', server)),
    };
    this.policyStore._linked({ policyId: `${this.templateName}/${id}`, templateId: this.templateName, ...filled });
    return new CfnPolicy(this, id, {
      policyStoreId: this.policyStore.policyStoreId,
      definition: {
        templateLinked: {
          policyTemplateId: this.policyTemplateId,
          principal: filled.principal && identifier(filled.principal),
          resource: filled.resource && identifier(filled.resource),
        },
      },
    });
  }

  private filling(slot: '?principal' | '?resource', id: string, given: Uid | undefined): Uid | undefined {
    const hasSlot = hasSlotIn(this.statement, slot);
    if (hasSlot === (given !== undefined)) return given;
    throw new Error(`the template ${JSON.stringify(this.templateName)} has ${hasSlot ? `the slot ${slot}, which the link ${JSON.stringify(id)} does not fill` : `no slot ${slot} for the link ${JSON.stringify(id)} to fill`}`);
  }
}

interface Uid {
  readonly type: string;
  readonly id: string;
}

function uid(type: EntityType, id: string): Uid {
  return { type: ENTITY_TYPE[type], id };
}

function identifier({ type, id }: Uid): CfnPolicy.EntityIdentifierProperty {
  return { entityType: type, entityId: id };
}

/** Strings and comments have no slots. */
function hasSlotIn(statement: string, slot: string): boolean {
  return statement.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*/g, '').includes(slot);
}

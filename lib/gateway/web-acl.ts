import { ArnFormat, Names, RemovalPolicy, Size, Stack, Token } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { GRANT_ROUTES } from '../access-grants/routes';
import { MCP_ROUTES, type McpRoute } from './routes';

/** AWS WAF looks at no more than this of a body that comes through API Gateway, or to a load balancer. */
const INSPECTED_BODY = Size.kibibytes(64);
const INSPECTED_AT_LOAD_BALANCER = Size.kibibytes(8);

/** Properties for a web ACL in front of MCP servers. */
export interface McpWebAclProps {
  /**
   * Also let `/grants` and `/approvals` through.
   *
   * @default false
   */
  readonly accessGrants?: boolean;

  /**
   * Requests from one source address within five minutes before it is blocked (GW-3).
   *
   * @default 2000
   */
  readonly addressRateLimit?: number;

  /**
   * It is in front of a load balancer, where AWS WAF inspects 8 KiB of a body. Arguments of tools are larger: of requests to MCP servers the rest goes to
   * the gateway uninspected, which has a limit of its own; all other bodies are blocked beyond `maxBodySize`.
   *
   * @default false
   */
  readonly loadBalancer?: boolean;

  /**
   * The largest request body, at most the part of a body that AWS WAF inspects. What is larger is blocked, because what is past
   * the limit would go through uninspected.
   *
   * @default - what AWS WAF inspects: 64 KiB, 8 KiB in front of a load balancer
   */
  readonly maxBodySize?: Size;

  /**
   * Key that encrypts the log of the web ACL.
   *
   * @default - encrypted by CloudWatch Logs with its own key
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * How long the log is kept.
   *
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What happens to the log when the web ACL is deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * An AWS WAF web ACL that lets through what can be MCP and nothing else (NET-3, GW-3): it blocks by default, and allows the
 * routes of the gateway after the managed rules, the rate rule and the size rule have passed.
 */
export class McpWebAcl extends Construct {
  /** The ARN of the web ACL. */
  readonly webAclArn: string;

  /** The record of every request that it looked at. */
  readonly logGroup: logs.ILogGroup;

  private readonly webAcl: wafv2.CfnWebACL;
  private blocked?: { readonly ipv4: wafv2.CfnIPSet; readonly ipv6: wafv2.CfnIPSet };

  constructor(scope: Construct, id: string, props: McpWebAclProps = {}) {
    super(scope, id);
    const addressRateLimit = props.addressRateLimit ?? 2000;
    if (!Token.isUnresolved(addressRateLimit) && (!Number.isInteger(addressRateLimit) || addressRateLimit < 10)) {
      throw new Error(`addressRateLimit is ${JSON.stringify(addressRateLimit)}, expected a whole number of at least 10 requests in 5 minutes`);
    }
    const { loadBalancer = false } = props;
    const inspected = loadBalancer ? INSPECTED_AT_LOAD_BALANCER : INSPECTED_BODY;
    const maxBodySize = props.maxBodySize ?? inspected;
    if (maxBodySize.toBytes() > inspected.toBytes()) {
      throw new Error(`maxBodySize is ${maxBodySize.toBytes()} bytes, expected at most the ${inspected.toBytes()} that AWS WAF inspects`);
    }

    const base = loadBalancer ? '' : BASE_PATH;
    const webAcl = new wafv2.CfnWebACL(this, 'Resource', {
      scope: 'REGIONAL',
      description: 'Only requests that can be MCP reach the gateway',
      defaultAction: { block: {} },
      visibilityConfig: visibility('Default'),
      associationConfig: loadBalancer ? undefined : { requestBody: { API_GATEWAY: { defaultSizeInspectionLimit: 'KB_64' } } },
      rules: [
        blockAddressesAbove(addressRateLimit),
        blockBodies(loadBalancer ? allOf(not(pathOf([MCP_ROUTES[0]!], base)), bodyAbove(maxBodySize)) : bodyAbove(maxBodySize)),
        managed(2, 'AWSManagedRulesAmazonIpReputationList'),
        managed(3, 'AWSManagedRulesKnownBadInputsRuleSet'),
        managed(4, 'AWSManagedRulesCommonRuleSet', NOT_FOR_MCP),
        ...byMethods(routesOf(props)).map((routes, index) => allowRoutes(5 + index, routes, base)),
      ],
    });
    this.webAcl = webAcl;
    this.webAclArn = webAcl.attrArn;
    this.logGroup = this.logTo(webAcl, props);
  }

  /**
   * Blocks, before anything else is looked at, the addresses in two sets that are filled while it runs.
   *
   * @internal
   */
  _blockedAddresses(): { readonly ipv4: wafv2.CfnIPSet; readonly ipv6: wafv2.CfnIPSet } {
    if (this.blocked !== undefined) return this.blocked;
    const name = Names.uniqueResourceName(this, { maxLength: 100, separator: '-' });
    const setOf = (id: string, ipAddressVersion: string) => new wafv2.CfnIPSet(this, id, { name: `${name}-${id}`, description: 'Addresses that are blocked because of an incident', scope: 'REGIONAL', ipAddressVersion, addresses: [] });
    this.blocked = { ipv4: setOf('BlockedIpv4', 'IPV4'), ipv6: setOf('BlockedIpv6', 'IPV6') };
    const later = (this.webAcl.rules as wafv2.CfnWebACL.RuleProperty[]).map((rule) => ({ ...rule, priority: rule.priority + 1 }));
    this.webAcl.rules = [blockAddressesIn([this.blocked.ipv4.attrArn, this.blocked.ipv6.attrArn]), ...later];
    return this.blocked;
  }

  /** Puts the web ACL in front of the stage of a REST API. In front of a load balancer, that one's stack does it. */
  associate(stageArn: string): void {
    new wafv2.CfnWebACLAssociation(this, 'Association', { resourceArn: stageArn, webAclArn: this.webAclArn });
  }

  private logTo(webAcl: wafv2.CfnWebACL, props: McpWebAclProps): logs.LogGroup {
    const logGroup = new logs.LogGroup(this, 'Logs', {
      // AWS WAF delivers only to log groups of this prefix.
      logGroupName: `aws-waf-logs-${Names.uniqueResourceName(this, { maxLength: 200, separator: '-' })}`,
      encryptionKey: props.encryptionKey,
      retention: props.logRetention ?? logs.RetentionDays.ONE_YEAR,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
    new wafv2.CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: webAcl.attrArn,
      // The ARN of the L2 ends with `:*`, which AWS WAF refuses.
      logDestinationConfigs: [Stack.of(this).formatArn({
        service: 'logs', resource: 'log-group', resourceName: logGroup.logGroupName, arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      })],
      redactedFields: CREDENTIAL_HEADERS.map((name) => ({ singleHeader: { Name: name } })),
    });
    return logGroup;
  }
}

/** Headers that carry what authenticates a request; never in the log. */
const CREDENTIAL_HEADERS = ['authorization', 'dpop', 'cookie', 'mcp-session-id'];

/**
 * Rules of the common rule set that MCP cannot live with: arguments of tools carry files, markup and addresses, and are larger
 * than 8 KB. The gateway validates them against the tool's own schema instead; the size has a rule of its own. The rest counts.
 */
const NOT_FOR_MCP = ['SizeRestrictions_BODY', 'CrossSiteScripting_BODY', 'GenericRFI_BODY'];

function visibility(metricName: string): wafv2.CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true };
}

function blockAddressesAbove(limit: number): wafv2.CfnWebACL.RuleProperty {
  return {
    name: 'AddressRate',
    priority: 0,
    action: { block: { customResponse: { responseCode: 429, responseHeaders: [{ name: 'Retry-After', value: '300' }] } } },
    statement: { rateBasedStatement: { aggregateKeyType: 'IP', limit, evaluationWindowSec: 300 } },
    visibilityConfig: visibility('AddressRate'),
  };
}

function blockAddressesIn(sets: readonly string[]): wafv2.CfnWebACL.RuleProperty {
  return {
    name: 'BlockedAddresses',
    priority: 0,
    action: { block: {} },
    statement: { orStatement: { statements: sets.map((arn) => ({ ipSetReferenceStatement: { arn } })) } },
    visibilityConfig: visibility('BlockedAddresses'),
  };
}

function blockBodies(statement: wafv2.CfnWebACL.StatementProperty): wafv2.CfnWebACL.RuleProperty {
  return { name: 'BodySize', priority: 1, action: { block: { customResponse: { responseCode: 413 } } }, statement, visibilityConfig: visibility('BodySize') };
}

/** A body past the inspection limit is one too. */
function bodyAbove(size: Size): wafv2.CfnWebACL.StatementProperty {
  return { sizeConstraintStatement: { comparisonOperator: 'GT', size: size.toBytes(), ...match({ body: { oversizeHandling: 'MATCH' } }) } };
}

/** The stage or base path that a path of an API may begin with. */
const BASE_PATH = '(/[A-Za-z0-9_-]{1,128})?';

/** The path of any of these routes. Nothing may follow it. */
function pathOf(routes: readonly AllowedRoute[], base: string): wafv2.CfnWebACL.StatementProperty {
  return { regexMatchStatement: { regexString: `^${base}(${routes.map(({ pathPattern }) => pathPattern).join('|')})$`, ...match({ uriPath: {} }) } };
}

function allOf(...statements: wafv2.CfnWebACL.StatementProperty[]): wafv2.CfnWebACL.StatementProperty {
  return { andStatement: { statements } };
}

function not(statement: wafv2.CfnWebACL.StatementProperty): wafv2.CfnWebACL.StatementProperty {
  return { notStatement: { statement } };
}

function managed(priority: number, name: string, countOnly: readonly string[] = []): wafv2.CfnWebACL.RuleProperty {
  return {
    name,
    priority,
    overrideAction: { none: {} },
    statement: {
      managedRuleGroupStatement: {
        vendorName: 'AWS',
        name,
        ruleActionOverrides: countOnly.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
      },
    },
    visibilityConfig: visibility(name),
  };
}

type AllowedRoute = Pick<McpRoute, 'name' | 'pathPattern' | 'authorizedMethods' | 'openMethods'>;

function routesOf({ accessGrants = false }: McpWebAclProps): readonly AllowedRoute[] {
  return accessGrants ? [...MCP_ROUTES, ...GRANT_ROUTES] : MCP_ROUTES;
}

function methodsOf({ authorizedMethods, openMethods }: AllowedRoute): string {
  return [...authorizedMethods, ...openMethods].join('|');
}

/** Routes with the same methods, which are one rule: each rule is paid for. */
function byMethods(routes: readonly AllowedRoute[]): AllowedRoute[][] {
  return [...new Set(routes.map(methodsOf))].map((methods) => routes.filter((route) => methodsOf(route) === methods));
}

/** Allows routes that have the same methods. */
function allowRoutes(priority: number, routes: readonly AllowedRoute[], base: string): wafv2.CfnWebACL.RuleProperty {
  const name = routes.map((route) => route.name).join('-');
  const method = { regexMatchStatement: { regexString: `^(${methodsOf(routes[0]!)})$`, ...match({ method: {} }) } };
  return { name, priority, action: { allow: {} }, statement: allOf(pathOf(routes, base), method), visibilityConfig: visibility(name) };
}

function match(fieldToMatch: wafv2.CfnWebACL.FieldToMatchProperty) {
  return { fieldToMatch, textTransformations: [{ priority: 0, type: 'NONE' }] };
}

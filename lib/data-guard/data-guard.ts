import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stage, type Size } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { checkArgumentRules, readArgumentRules } from '../../lambda/authorization/argument-rules';
import type { ArgumentPolicy } from '../../lambda/guard/arguments';
import type { ToolDefinition } from '../../lambda/protocol';
import type { McpToolDefinition } from '../authorization';
import type { ArgumentRules } from './argument-rules';
import type { DataAction, InstructionAction } from './actions';
import type { DlpService } from './dlp-service';
import { argumentEngine } from './guard-engine';
import type { Recognisers } from './recognisers';

/** Other actions for principals of some groups. */
export interface DataGuardPrincipals {
  /** Names of groups, as in Cedar (`Mcp::Group`). */
  readonly groups: string[];

  /**
   * Actions by data class (`DataClass`).
   *
   * @default - those of the guard
   */
  readonly dataActions?: { [dataClass: string]: DataAction };

  /**
   * Actions by recogniser.
   *
   * @default - those of the guard
   */
  readonly recogniserActions?: { [recogniser: string]: DataAction };

  /**
   * Give these principals the data that tokens stand for.
   *
   * @default false
   */
  readonly reveal?: boolean;
}

/** Properties for a data guard. */
export interface DataGuardProps {
  /**
   * Actions by data class (`DataClass`).
   *
   * @default - contact data pass, all others are redacted
   */
  readonly dataActions?: { [dataClass: string]: DataAction };

  /**
   * Actions by recogniser, where they differ from the class.
   *
   * @default - those of the classes
   */
  readonly recogniserActions?: { [recogniser: string]: DataAction };

  /**
   * Other actions for principals of some groups; the first entry that names one of a principal's groups counts.
   *
   * @default - all principals are alike
   */
  readonly principals?: DataGuardPrincipals[];

  /**
   * What happens to texts that give orders to the model.
   *
   * @default InstructionAction.ANNOTATE
   */
  readonly instructions?: InstructionAction;

  /**
   * Markup that loads something, runs something, or carries data out when it is shown.
   *
   * @default DataAction.REDACT
   */
  readonly markup?: DataAction;

  /**
   * Hosts whose images and links are left alone; `*.example.com` for all below one.
   *
   * @default - images and links without long queries are
   */
  readonly linkHosts?: string[];

  /**
   * Turn removed data into tokens, which principals with `reveal` get back as what they stand for.
   *
   * @default false
   */
  readonly reversible?: boolean;

  /**
   * The largest result.
   *
   * @default Size.mebibytes(4)
   */
  readonly maxResultSize?: Size;

  /**
   * How much one principal gets from one server within an hour, as one instance of the proxy sees it.
   *
   * @default Size.mebibytes(256)
   */
  readonly maxSizePerHour?: Size;

  /**
   * Rules for arguments, on top of the schemas of tools.
   *
   * @default - paths, URLs, commands and SQL as far as parameters say that they are such; no secrets, no orders to a model
   */
  readonly argumentRules?: ArgumentRules;

  /**
   * Tools as their server lists them, whose rules in Cedar are type-checked against their input schemas at synthesis.
   *
   * @default - rules are type-checked when the proxy first sees a tool; those that do not fit forbid every call of it
   */
  readonly toolDefinitions?: McpToolDefinition[];

  /**
   * Recognisers of one's own.
   *
   * @default - those of the package
   */
  readonly recognisers?: Recognisers[];

  /**
   * Data loss prevention that every result goes through as well.
   *
   * @default - none
   */
  readonly dlp?: DlpService;

  /**
   * Raise the risk of calls whose arguments do not fit what a tool was called with before (IOV-7).
   *
   * @default false
   */
  readonly compareWithHistory?: boolean;

  /**
   * Bus that findings are sent to, as `MCP guard finding` events of the source `mcp-zero-trust`.
   *
   * @default - findings are in the audit trail and the metrics
   */
  readonly eventBus?: events.IEventBus;
}

/**
 * What may reach a server's tools beyond their schemas, and what of its answers may reach a model (DLP-1 to DLP-4, IOV-5 to
 * IOV-8, PUB-2). One guard can serve several servers.
 *
 * @example
 * const dataGuard = new DataGuard(this, 'CrmGuard', {
 *   dataActions: { [DataClass.PAYMENT]: DataAction.BLOCK },
 *   instructions: InstructionAction.BLOCK,
 * });
 * gateway.addServer('crm', { url: 'https://crm.internal.example.com/mcp', dataGuard });
 */
export class DataGuard extends Construct {
  private readonly props: DataGuardProps;
  private readonly rules: Asset;

  constructor(scope: Construct, id: string, props: DataGuardProps = {}) {
    super(scope, id);
    this.props = props;
    for (const [recogniser] of Object.entries(props.recogniserActions ?? {})) {
      if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(recogniser)) throw new Error(`recogniserActions names ${JSON.stringify(recogniser)}, expected the id of a recogniser, such as "aws-access-key-id"`);
    }
    for (const { groups } of props.principals ?? []) if (groups.length === 0) throw new Error('an entry of principals names no group');
    if (props.principals?.some(({ reveal }) => reveal) && !props.reversible) throw new Error('principals have reveal, and reversible is not set: there are no tokens to reveal');
    this.assertArgumentRules();
    this.rules = new Asset(this, 'Rules', { path: this.writeRules() });
  }

  /**
   * How often something was found.
   *
   * @param server name of the server
   * @param category a data class, `instructions`, `markup`, `argument`, `internals`, `type`, `size`, `schema`, `dlp` or `failure`
   * @param action `annotated`, `redacted`, `blocked` or `risk`
   */
  metricFindings(server: string, category: string, action: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({ namespace: 'McpZeroTrust/Guard', metricName: 'Findings', dimensionsMap: { service: 'gateway', server, category, action }, statistic: cloudwatch.Stats.SUM, ...props });
  }

  /**
   * Lets a proxy use the guard. Answers what it is told of it.
   *
   * @internal
   */
  _bind(grantee: Construct & iam.IGrantable): Record<string, unknown> {
    // This very file: `grantRead` of an asset is for every asset of the account.
    iam.Grant.addToPrincipal({ grantee, actions: ['s3:GetObject'], resourceArns: [this.rules.bucket.arnForObjects(this.rules.s3ObjectKey)] });
    this.props.eventBus?.grantPutEventsTo(grantee);
    return { bucket: this.rules.s3BucketName, key: this.rules.s3ObjectKey, dlp: this.props.dlp?._settings(grantee, grantee), eventBus: this.props.eventBus?.eventBusName };
  }

  /** Rules that do not compile would keep the proxy from starting. */
  private assertArgumentRules(): void {
    const rules = this.props.argumentRules?._document() as ArgumentPolicy | undefined;
    if (rules === undefined) return;
    try {
      const { compileArgumentRules } = argumentEngine();
      for (const name of ['', ...Object.keys(rules.tools ?? {})]) compileArgumentRules({ name, inputSchema: { type: 'object' } }, rules, { resolve: () => Promise.resolve([]) });
      this.assertCedarRules(rules);
    } catch (error) {
      throw new Error(`the argument rules cannot be used: ${(error as Error).message}`, { cause: error });
    }
  }

  private assertCedarRules(policy: ArgumentPolicy): void {
    const { toolDefinitions = [] } = this.props;
    for (const { rules } of [policy, ...Object.values(policy.tools ?? {})]) if (rules !== undefined) readArgumentRules(rules);
    for (const { name, inputSchema } of toolDefinitions) {
      for (const text of [policy.rules, policy.tools?.[name]?.rules]) if (text !== undefined) checkArgumentRules(text, this.node.id, { name, inputSchema: inputSchema as ToolDefinition['inputSchema'] });
    }
  }

  /** Into the cloud assembly, which goes when that does. */
  private writeRules(): string {
    const { dataActions, recogniserActions, principals, instructions, markup, linkHosts, reversible, maxResultSize, maxSizePerHour, argumentRules, recognisers, compareWithHistory } = this.props;
    const document = {
      arguments: argumentRules?._document(),
      purpose: compareWithHistory ? 'history' : undefined,
      results: {
        dataClasses: dataActions,
        recognisers: recogniserActions,
        principals: principals?.map(({ groups, dataActions: dataClasses, recogniserActions: own, reveal }) => ({ groups, dataClasses, recognisers: own, reveal })),
        instructions,
        markup,
        linkHosts,
        reversible,
        limits: { maxBytes: maxResultSize?.toBytes(), maxBytesPerHour: maxSizePerHour?.toBytes() },
      },
      recognisers: recognisers?.map((file) => file._document()),
    };
    const text = JSON.stringify(document);
    const path = join(Stage.of(this)!.assetOutdir, `data-guard.${createHash('sha256').update(text).digest('hex').slice(0, 16)}.json`);
    writeFileSync(path, text);
    return path;
  }
}

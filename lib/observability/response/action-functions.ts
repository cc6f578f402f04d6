import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { AccessGrants, BlockList } from '../../access-grants';
import { GrantVariable } from '../../access-grants/environment';
import { grantTableAccess as grantGrantsTable } from '../../access-grants/table-access';
import { RegistryVariable } from '../../registry/environment';
import { grantTableAccess as grantRegistryTable, KNOWLEDGE, STEPS } from '../../registry/table-access';
import type { ClusterResponder } from './cluster-responder';
import { ResponseVariable } from './environment';
import { EvidenceFunction, PATIENCE_FOR_EVIDENCE } from './evidence-function';
import type { EvidenceFunctionProps } from './evidence-function';
import { ACTING } from './function';
import type { ResponseFunction } from './function';
import type { IncidentResponseProps } from './incident-response-props';
import type { ActionRoute, Patience } from './workflow';

export interface ActionFunctionsProps extends EvidenceFunctionProps {
  readonly topic: sns.ITopic;
  readonly letNotify: (notifier: ResponseFunction) => void;
}

/** The functions that act, each with the right to one kind of action: who takes one over can do no other. */
export class ActionFunctions {
  readonly routes: readonly ActionRoute[];
  readonly notice: ResponseFunction;
  readonly evidence: EvidenceFunction;
  private readonly tasks?: ResponseFunction;

  constructor(
    private readonly scope: Construct,
    private readonly props: ActionFunctionsProps,
  ) {
    const { registry, webAcl, vpc, clusterResponder } = props;
    const holds = this.holds();
    const tools = registry && this.toolsFunction(registry);
    const access = holds && this.define('Access', 'Blocks principals and servers, and sets grants aside', { [GrantVariable.TABLE]: holds.tableName });
    if (access && holds) grantGrantsTable(holds, access, { read: ['revocations'], write: ['revocations'] });
    const addresses = holds || webAcl ? this.addressesFunction() : undefined;
    this.tasks = vpc && this.tasksFunction(vpc);
    const pods = clusterResponder && this.podsFunction(clusterResponder);
    this.evidence = new EvidenceFunction(scope, props);
    this.notice = this.define('Notice', 'Tells the responders', { [ResponseVariable.TOPIC]: props.topic.topicArn });
    props.letNotify(this.notice);
    const workload = ['isolate_workload', 'stop_workload'];
    const route = (name: string, kinds: readonly string[], handler: ResponseFunction | undefined, platform?: string, patience?: Patience): ActionRoute[] =>
      handler ? [{ name, kinds, platform, patience, function: handler.function }] : [];
    this.routes = [
      ...route('Quarantine', ['quarantine_tool'], tools),
      ...route('Block or set aside', ['block_principal', 'block_server', 'revoke_grants'], access),
      ...route('Block an address', ['block_address'], addresses),
      ...route('Cut tasks off', workload, this.tasks, 'ecs'),
      ...route('Cut pods off', workload, pods, 'kubernetes'),
      ...route('Keep evidence', ['preserve_evidence'], this.evidence.function, undefined, PATIENCE_FOR_EVIDENCE),
    ];
  }

  /** Lets services be cut off and stopped, and looked at for evidence. */
  reachService(server: string, service: ecs.IBaseService, logGroup?: logs.ILogGroup): void {
    this.tasks!.allow(['ecs:DescribeServices', 'ecs:UpdateService'], [service.serviceArn]);
    this.evidence.reachService(service);
    if (logGroup) this.evidence.readLines(server, logGroup);
  }

  /** What every gateway reads before it serves. */
  private holds(): AccessGrants | BlockList | undefined {
    return this.props.accessGrants ?? this.props.blockList;
  }

  private define(name: string, description: string, environment: Record<string, string>): ResponseFunction {
    return this.props.define(name, { bundle: ACTING, description, environment });
  }

  private toolsFunction(registry: NonNullable<IncidentResponseProps['registry']>): ResponseFunction {
    const tools = this.define('Tools', 'Quarantines MCP tools', { [RegistryVariable.TABLE]: registry.tableName });
    grantRegistryTable(registry, tools, { read: [...KNOWLEDGE, 'reviews'], write: STEPS });
    // Who says that a quarantine was a mistake is the workflow's to sign.
    tools.allow(['states:SendTaskSuccess'], [registry.reviewWorkflow.stateMachineArn]);
    return tools;
  }

  private addressesFunction(): ResponseFunction {
    const { webAcl } = this.props;
    const holds = this.holds();
    const sets = webAcl?._blockedAddresses();
    const addresses = this.define('Addresses', 'Blocks addresses', {
      ...(holds && { [GrantVariable.TABLE]: holds.tableName }),
      ...(sets && { [ResponseVariable.IP_SETS]: Stack.of(this.scope).toJsonString({ ipv4: { name: sets.ipv4.name, id: sets.ipv4.attrId }, ipv6: { name: sets.ipv6.name, id: sets.ipv6.attrId } }) }),
    });
    if (holds) grantGrantsTable(holds, addresses, { read: ['revocations'], write: ['revocations'] });
    if (sets) addresses.allow(['wafv2:GetIPSet', 'wafv2:UpdateIPSet'], [sets.ipv4.attrArn, sets.ipv6.attrArn]);
    return addresses;
  }

  private tasksFunction(vpc: ec2.IVpc): ResponseFunction {
    const isolation = new ec2.SecurityGroup(this.scope, 'Isolation', { vpc, description: 'Lets nothing in or out: what an incident cut off', allowAllOutbound: false });
    return this.define('Tasks', 'Cuts off and stops services of Amazon ECS', { [ResponseVariable.ISOLATION_GROUP]: isolation.securityGroupId });
  }

  private podsFunction(clusterResponder: ClusterResponder): ResponseFunction {
    const pods = this.define('Pods', 'Cuts off and stops Deployments', clusterResponder._environment());
    clusterResponder._grantAsk(pods);
    return pods;
  }
}

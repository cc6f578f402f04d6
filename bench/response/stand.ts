import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import type { Gateway } from '../../lambda/gateway';
import { createCedarAuthority, createGrantDesk, createKillSwitch, createMarkStore } from '../../lambda/grants';
import { createAnonymousAuthenticator } from '../../lambda/identity';
import { createAccessExecutors, createEvidenceExecutor, createNotifyExecutor, createQuarantineExecutor, createResponder, type ContainmentKind, type Executor, type Responder } from '../../lambda/response';
import { openMemoryTable } from '../../lambda/stores/local-table';
import { createInstance, createSigner, type Instance } from '../integrity/stand';
import { callTool, startGateway, startToolServer } from '../window/stand';
import { ADDRESS, CALLER, SERVER, TOOL, WORKLOAD } from './events';

const POLICIES = { work: `permit (principal == Mcp::Agent::"${CALLER.id}", action in [Mcp::Action::"discover", Mcp::Action::"callTool"], resource);` };
const DEFINITION = { name: TOOL, inputSchema: { type: 'object' } };

/** Gateways in front of one server, which share tables on DynamoDB's own protocol with a responder. */
export interface ResponseStand {
  readonly responder: Responder;
  /** Whether the call of gateway `index` was served. */
  call(index: number): Promise<boolean>;
  /** Calls that reached the server. */
  received(): number;
  close(): Promise<void>;
}

export async function startStand(instances: number): Promise<ResponseStand> {
  const [server, documents, ledger] = await Promise.all([startToolServer(), openMemoryTable(), openMemoryTable()]);
  const signer = createSigner();
  const own = createInstance(documents.store, signer);
  await own.registry.observe({ server: SERVER, tool: TOOL }, DEFINITION, 'bench');
  await own.registry.approve(`${SERVER}/${TOOL}`, { by: 'bench', why: 'bench' });
  const started: { readonly gateway: Gateway; readonly instance: Instance }[] = [];
  for (let index = 0; index < instances; index += 1) {
    const instance = createInstance(documents.store, signer);
    await instance.view.refresh();
    const desk = createGrantDesk({ store: documents.store, authority: createCedarAuthority(createCedarDecisionPoint({ policies: POLICIES }), [SERVER]) });
    const gateway = startGateway([{ name: SERVER, upstream: { kind: 'http', url: server.url, headers: {} } }], createAnonymousAuthenticator({ id: CALLER.id }), POLICIES, {
      registry: instance.view,
      grants: { desk, killSwitch: createKillSwitch({ marks: desk.marks }), approvalUrl: (id) => id },
    });
    started.push({ gateway, instance });
  }
  const responder = createResponder({
    store: ledger.store,
    estate: { workloads: { [SERVER]: [WORKLOAD] } },
    executors: {
      ...createAccessExecutors(createMarkStore(documents.store)),
      quarantine_tool: createQuarantineExecutor({ registry: own.registry, reinstate: own.registry.reinstate }),
      isolate_workload: nothing(),
      preserve_evidence: createEvidenceExecutor({ store: { keep: async (incident, name) => `${incident}/${name}` }, registry: own.registry }),
      notify: createNotifyExecutor(() => Promise.resolve()),
    },
  });
  return {
    responder,
    call: (index) => callTool(started[index]!.gateway, SERVER, {}, { address: ADDRESS }),
    received: server.calls,
    async close() {
      own.view.close();
      for (const { gateway, instance } of started) {
        instance.view.close();
        await gateway.close();
      }
      await server.close();
      await documents.close();
      await ledger.close();
    },
  };
}

/** There is no ECS here: what cuts a workload off is tested against its API, and takes ECS a while that is its own. */
function nothing<K extends ContainmentKind>(): Executor<Extract<Parameters<Executor['apply']>[0], { kind: K }>> {
  return { observe: async () => ({ is: 'it runs', contained: false, value: {} }), apply: async () => 'done', undo: async () => 'undone' };
}

import { detect, type Registry } from '../../lambda/detection';
import type { ProbeResult } from '../../lambda/discovery';
import { createApprovalLog, createHeadVerifier, createToolRegistry, type ApprovalLog, type ApprovalPolicy, type Scan, type ToolRegistry } from '../../lambda/integrity';
import {
  createDecide,
  createDiscover,
  createRequestDecision,
  createRescanStep,
  createReviews,
  createScanStep,
  createSignStep,
  type DiscoveredServer,
  type ReviewInput,
  type ReviewRequest,
  type TaskOutcome,
  type Workflows,
} from '../../lambda/onboarding';
import type { ToolDefinition } from '../../lambda/protocol';
import type { DocumentStore } from '../../lambda/stores';
import { createSigner, scanForWords } from '../integrity/fixtures';

/** The steps of an onboarding on one table, each with what it has when it is deployed: only the signing step has the key. */
export function createStand(store: DocumentStore, options: { readonly policy?: ApprovalPolicy; readonly clock?: () => number; readonly scan?: Scan } = {}) {
  const { policy = {}, clock = Date.now, scan = scanForWords } = options;
  const signer = createSigner();
  const signing = createApprovalLog({ store, signer, verify: createHeadVerifier([signer.publicKey]), clock });
  const verifying = createApprovalLog({ store, verify: createHeadVerifier([signer.publicKey]), clock });
  const registry = createToolRegistry({ store, log: createApprovalLog({ store, verify: () => false }), scan, policy, clock });
  const reviews = createReviews(store);
  const workflows = createFakeWorkflows();
  const requests: ReviewRequest[] = [];
  const servers = new Map<string, ProbeResult>();
  const compared: Registry[] = [];
  const reported: DiscoveredServer[] = [];
  const renewalNoticeMs = 14 * 86_400_000;
  const compareWith = (offered: Registry) => void compared.push(offered);
  return {
    registry: registry as ToolRegistry,
    log: verifying as ApprovalLog,
    reviews,
    workflows,
    requests,
    /** What servers offer when they are asked. */
    servers,
    /** What scans were told to compare with. */
    compared,
    /** What was said of servers that were asked. */
    reported,
    discover: createDiscover({ store, ask: () => Promise.resolve(new Map(servers)), report: (server) => reported.push(server), clock }),
    scan: createScanStep({ store, registry, compareWith }),
    rescan: createRescanStep({ registry, compareWith, reviews, workflows, renewalNoticeMs, clock }),
    requestDecision: createRequestDecision({ registry, reviews, workflows, notify: async (request) => void requests.push(request), renewalNoticeMs, clock }),
    sign: createSignStep({ log: signing, registry: createToolRegistry({ store, log: signing, scan, policy, clock }) }),
    decide: createDecide({ registry, reviews, workflows, policy, clock }),
  };
}

export type Stand = ReturnType<typeof createStand>;

export interface FakeWorkflows extends Workflows {
  readonly completed: { readonly taskToken: string; readonly outcome: TaskOutcome }[];
  readonly started: ReviewInput[];
  readonly running: Set<string>;
  readonly waiting: Set<string>;
  discoveries: number;
}

function createFakeWorkflows(): FakeWorkflows {
  const fake: FakeWorkflows = {
    completed: [],
    started: [],
    running: new Set(),
    waiting: new Set(),
    discoveries: 0,
    async complete(taskToken, outcome) {
      if (!fake.waiting.delete(taskToken)) return false;
      fake.completed.push({ taskToken, outcome });
      return true;
    },
    isRunning: async (execution) => fake.running.has(execution),
    startReview: async (input) => void fake.started.push(input),
    async startDiscovery() {
      fake.discoveries += 1;
    },
  };
  return fake;
}

/** The real detector, on its own. */
export const detectorScan: Scan = (_subject, definition) => detect(definition as unknown as ToolDefinition);

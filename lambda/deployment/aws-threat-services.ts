import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { EnableSecurityHubCommand, type SecurityHubClient } from '@aws-sdk/client-securityhub';
import { escapeUnprintable } from '../audit/unprintable';

/** One of GuardDuty's protection plans, as its API names it. */
export interface DetectorFeature {
  readonly name: string;
  readonly additionalConfiguration?: readonly string[];
}

/** What a custom resource says of the services that shall watch an account. */
export interface ThreatServicesWanted {
  /** @default - GuardDuty is left alone */
  readonly guardDuty?: { readonly detectorId?: string; readonly features: readonly DetectorFeature[] };
  readonly securityHub: boolean;
  /** What Amazon Inspector scans: `ECR`, `LAMBDA`, `LAMBDA_CODE`. */
  readonly inspector: readonly string[];
}

/** How it turned out, for the template's outputs and for the log. */
export type ThreatServicesOutcome = Readonly<Record<string, string>>;

/** Calls a service whose client is not in this bundle, signed. Answers its status and its JSON. */
export type CallService = (service: 'guardduty' | 'inspector2', method: 'GET' | 'POST', path: string, body?: object) => Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }>;

/**
 * Makes sure that the services watch this account and region, whatever is on already: there is one detector, one hub and one Inspector
 * for each, and whoever made them may be another team or the administrator of an organization. What is on stays on, what is missing is
 * switched on, and what the administrator decides is left to the administrator and named in the outcome.
 *
 * Control: HOST-0.
 * @throws where a service cannot be asked, or GuardDuty or Inspector cannot be switched on at all
 */
export async function ensureThreatServices(wanted: ThreatServicesWanted, call: CallService, hub: Pick<SecurityHubClient, 'send'>): Promise<ThreatServicesOutcome> {
  const { leftOff = [], ...detector } = wanted.guardDuty === undefined ? {} : await ensureDetector(wanted.guardDuty, call);
  const services = {
    ...(wanted.securityHub ? { SecurityHub: await ensureHub(hub) } : {}),
    ...(wanted.inspector.length === 0 ? {} : { Inspector: await ensureInspector(wanted.inspector, call) }),
  };
  const left = Object.entries(services).filter(([, outcome]) => outcome === LEFT).map(([service]) => service);
  return { ...detector, ...services, PlansLeftOff: [...leftOff, ...left].join(' ') || NONE };
}

const LEFT = 'left to the administrator';
const NONE = 'none';

/** The detector itself, among the plans that are left off: suspended, it watches nothing, whatever plans are on. */
const DETECTOR = 'DETECTOR';

async function ensureDetector({ detectorId, features }: NonNullable<ThreatServicesWanted['guardDuty']>, call: CallService): Promise<{ readonly DetectorId: string; readonly GuardDuty: string; readonly leftOff: readonly string[] }> {
  const known = detectorId ?? (await listedDetector(call));
  const id = known ?? (await createDetector(call));
  const detector = expectOk(await call('guardduty', 'GET', `/detector/${id}`), 'GuardDuty does not show its detector');
  const refused: string[] = [];
  if (detector.status !== 'ENABLED') {
    const { status } = await call('guardduty', 'POST', `/detector/${id}`, { enable: true });
    if (status >= 300) refused.push(DETECTOR);
  }
  for (const feature of features.filter((one) => !isOn(detector.features, one))) {
    const update = { name: feature.name, status: 'ENABLED', ...(feature.additionalConfiguration === undefined ? {} : { additionalConfiguration: feature.additionalConfiguration.map((name) => ({ name, status: 'ENABLED' })) }) };
    // One by one: a plan that the region lacks, or that the administrator decides on, must not keep the others off.
    const { status } = await call('guardduty', 'POST', `/detector/${id}`, { enable: true, features: [update] });
    if (status >= 300) refused.push(feature.name);
  }
  return { DetectorId: id, GuardDuty: known === undefined ? 'created' : 'existing', leftOff: refused };
}

async function listedDetector(call: CallService): Promise<string | undefined> {
  const { detectorIds } = expectOk(await call('guardduty', 'GET', '/detector'), 'GuardDuty does not list its detectors');
  const [id] = Array.isArray(detectorIds) ? (detectorIds as unknown[]) : [];
  return typeof id === 'string' ? id : undefined;
}

async function createDetector(call: CallService): Promise<string> {
  const { detectorId } = expectOk(await call('guardduty', 'POST', '/detector', { enable: true, findingPublishingFrequency: 'FIFTEEN_MINUTES' }), 'GuardDuty cannot be switched on');
  if (typeof detectorId !== 'string') throw new Error('GuardDuty did not name its detector');
  return detectorId;
}

interface FeatureState {
  readonly name?: string;
  readonly status?: string;
  readonly additionalConfiguration?: readonly FeatureState[];
}

function isOn(states: unknown, { name, additionalConfiguration = [] }: DetectorFeature): boolean {
  const state = (Array.isArray(states) ? (states as readonly FeatureState[]) : []).find((one) => one.name === name);
  return state?.status === 'ENABLED' && additionalConfiguration.every((more) => state.additionalConfiguration?.some((one) => one.name === more && one.status === 'ENABLED'));
}

async function ensureHub(hub: Pick<SecurityHubClient, 'send'>): Promise<string> {
  try {
    await hub.send(new EnableSecurityHubCommand({ EnableDefaultStandards: false }));
    return 'enabled';
  } catch (error) {
    const { name } = error as Error;
    if (name === 'ResourceConflictException') return 'existing';
    // The function's own role allows it: an organization does not.
    if (name === 'AccessDeniedException') return LEFT;
    throw new Error(`Security Hub cannot be switched on: ${name}`, { cause: error });
  }
}

/** What Inspector answers of an account in which it is on, or about to be. */
const INSPECTOR_ON = ['ALREADY_ENABLED', 'ENABLE_IN_PROGRESS'];
/** Or of one in which its administrator decides. */
const INSPECTOR_LEFT = ['ACCESS_DENIED', 'ACCOUNT_IS_ISOLATED'];

/**
 * Switching on what is on changes nothing. A member of an organization may be refused: its administrator decides.
 *
 * @see https://docs.aws.amazon.com/inspector/v2/APIReference/API_FailedAccount.html a refusal is in an answer whose status is 200
 */
async function ensureInspector(resourceTypes: readonly string[], call: CallService): Promise<string> {
  const { status, body } = await call('inspector2', 'POST', '/enable', { resourceTypes });
  if (status === 403) return LEFT;
  if (status >= 300) throw new Error(`Inspector cannot be switched on (HTTP ${status})`);
  const refusals = Array.isArray(body.failedAccounts) ? (body.failedAccounts as readonly { readonly errorCode?: string }[]).map(({ errorCode }) => errorCode ?? 'it does not say why') : [];
  if (refusals.length === 0) return 'enabled';
  if (refusals.some((code) => INSPECTOR_LEFT.includes(code))) return LEFT;
  const failure = refusals.find((code) => !INSPECTOR_ON.includes(code));
  if (failure !== undefined) throw new Error(`Inspector cannot be switched on: ${failure}`);
  return 'existing';
}

function expectOk({ status, body }: Awaited<ReturnType<CallService>>, otherwise: string): Readonly<Record<string, unknown>> {
  if (status >= 300) throw new Error(`${otherwise} (HTTP ${status})`);
  return body;
}

/** What a schedule sends: what the custom resource wants, once more. */
export interface ThreatServicesCheck {
  readonly Wanted: string;
}

/** The line of a check, which counts what is left off. */
export interface ThreatServicesLine {
  readonly kind: 'threat_services';
  readonly leftOff: number;
  readonly which: string;
}

/**
 * Answers CloudFormation, and looks again whenever a schedule says so: who suspends a detector tells no stack. Nothing is switched off when the
 * resource is deleted: who watches an account is not one stack's to end.
 *
 * @param writeLine gets one JSON object of each check
 */
export function createThreatServices(
  ensure: (wanted: ThreatServicesWanted) => Promise<ThreatServicesOutcome>,
  writeLine: (line: string) => void,
  send: (url: string, body: string) => Promise<void> = putAnswer,
): (event: CloudFormationCustomResourceEvent | ThreatServicesCheck) => Promise<void> {
  return async (event) => {
    if (!('RequestType' in event)) {
      const { PlansLeftOff: which = NONE } = await ensure(readWanted({ ...event }));
      writeLine(JSON.stringify({ kind: 'threat_services', leftOff: which === NONE ? 0 : which.split(' ').length, which } satisfies ThreatServicesLine));
      return;
    }
    const { StackId, RequestId, LogicalResourceId, ResponseURL } = event;
    const answer = { PhysicalResourceId: `${LogicalResourceId}-threat-services`, StackId, RequestId, LogicalResourceId };
    try {
      const Data = event.RequestType === 'Delete' ? {} : await ensure(readWanted(event.ResourceProperties));
      await send(ResponseURL, JSON.stringify({ ...answer, Status: 'SUCCESS', Data }));
    } catch (error) {
      await send(ResponseURL, JSON.stringify({ ...answer, Status: 'FAILED', Reason: escapeUnprintable((error as Error).message).slice(0, 1_000) }));
    }
  };
}

/** CloudFormation makes every value a text; what has structure comes as JSON. */
function readWanted({ Wanted }: Readonly<Record<string, unknown>>): ThreatServicesWanted {
  if (typeof Wanted !== 'string') throw new Error('the resource does not say what is wanted');
  return JSON.parse(Wanted) as ThreatServicesWanted;
}

async function putAnswer(url: string, body: string): Promise<void> {
  const { ok, status } = await fetch(url, { method: 'PUT', headers: { 'content-type': '' }, body });
  if (!ok) throw new Error(`CloudFormation did not take the answer (HTTP ${status})`);
}

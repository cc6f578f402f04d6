import { isJsonObject, type JsonObject, type JsonValue } from '../protocol';
import { describeAction } from './action';
import { INCIDENT_EVENT } from './incident';
import { planFor, type Estate, type ResponsePolicy } from './playbook';
import { NotAnIncident, readIncident } from './read-incident';
import { ResponseRefused } from './record';
import type { Responder } from './responder';
import type { CompleteTask, WorkflowInput } from './workflow';

/** What came of a person's request; the message is one sentence. */
export interface DeskAnswer {
  /** HTTP status. */
  readonly status: 200 | 202 | 400 | 409;
  readonly message: string;
}

export interface ResponseDeskOptions {
  readonly responder: Responder;
  readonly complete: CompleteTask;
  /** Begins a workflow. */
  readonly start: (input: WorkflowInput) => Promise<void>;
  readonly estate?: Estate;
  readonly policy?: ResponsePolicy;
}

const MAX_WHY = 1_000;
const INCIDENT_ID = /^inc-[0-9a-f]{16}$/;

/**
 * Takes the requests of people where workflows carry them out: their word on an action, the end of a false positive, an incident
 * that they report, and what would be done about one (by whoever they are signed).
 */
export function createResponseDesk({ responder, complete, start, estate, policy }: ResponseDeskOptions): (by: string, body: JsonValue) => Promise<DeskAnswer> {
  async function decide(by: string, request: JsonObject, approved: boolean): Promise<DeskAnswer> {
    const { incident, number, why } = targetOf(request);
    if (number === undefined) throw new ResponseRefused('expected the number of an action');
    const { taskToken } = await responder.decide(incident, number, approved, by, why);
    const isTaken = taskToken !== undefined && (await complete(taskToken, approved));
    if (!isTaken) await start({ operation: approved ? 'apply' : 'tell', incident, number, by, why });
    return { status: 202, message: `${incident}: action ${number} is ${approved ? 'approved, and on its way' : 'denied'}` };
  }

  async function serve(by: string, request: JsonObject): Promise<DeskAnswer> {
    switch (request.action) {
      case 'approve':
        return decide(by, request, true);
      case 'deny':
        return decide(by, request, false);
      case 'undo': {
        const { incident, number, why } = targetOf(request);
        await responder.find(incident);
        await start({ operation: 'undo', incident, ...(number === undefined ? {} : { number }), by, why });
        return { status: 202, message: `${incident}: ${number === undefined ? 'everything' : `action ${number}`} is being taken back` };
      }
      case 'report': {
        const incident = readIncident(request.incident);
        await start({ source: INCIDENT_EVENT.source, 'detail-type': INCIDENT_EVENT.detailType, detail: incident as unknown as JsonObject });
        return { status: 202, message: `${incident.id}: on its way` };
      }
      case 'plan': {
        const actions = planFor(readIncident(request.incident), estate, policy);
        return { status: 200, message: actions.map(({ number, action, mode }) => `${number} (${mode}): ${describeAction(action)}`).join('; ') };
      }
      default:
        throw new ResponseRefused('expected one of the actions approve, deny, undo, report and plan');
    }
  }

  return async (by, body) => {
    try {
      if (!isJsonObject(body)) throw new ResponseRefused('expected a JSON object with an action');
      return await serve(by, body);
    } catch (error) {
      if (error instanceof NotAnIncident) return { status: 400, message: error.message };
      if (error instanceof ResponseRefused) return { status: 409, message: error.message };
      throw error;
    }
  };
}

function targetOf({ incident, number, why }: JsonObject): { readonly incident: string; readonly number?: number; readonly why: string } {
  if (typeof incident !== 'string' || !INCIDENT_ID.test(incident)) throw new ResponseRefused('expected an incident, such as inc-0123456789abcdef');
  if (number !== undefined && (typeof number !== 'number' || !Number.isInteger(number))) throw new ResponseRefused('expected the number of an action');
  if (typeof why !== 'string' || why.trim() === '' || why.length > MAX_WHY) throw new ResponseRefused(`expected a reason in "why", of at most ${MAX_WHY} characters`);
  return { incident, ...(number === undefined ? {} : { number }), why };
}

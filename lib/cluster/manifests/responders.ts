import { ApiObject, type Chart } from 'cdk8s';
import type { Plan } from './plan';
import { labelsOf } from './pod';
import { responderRole } from './responder-role';

/** Lets the responders take hold of the servers, and not of the gateway. */
export function addResponders(chart: Chart, { props: { responders }, servers }: Plan): void {
  if (responders === undefined) return;
  for (const server of servers) {
    for (const object of responderRole(responders, server.namespace, server.name, labelsOf(server))) new ApiObject(chart, `responders-${server.name}-${object.kind}`, object);
  }
}

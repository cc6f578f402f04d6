import type { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-33';
import type { Plan } from './plan';

/** RuntimeClasses of the sandboxes that servers run in. Nodes have to have the runtime: a pod that finds none stays pending. Control: CON-0. */
export function addRuntimeClasses(chart: Chart, plan: Plan): void {
  const handlers = new Map(plan.servers.flatMap(({ sandbox }) => (sandbox?._handler === undefined ? [] : [[sandbox.runtimeClassName, sandbox._handler]])));
  for (const [name, handler] of handlers) new k8s.KubeRuntimeClass(chart, `runtime-${name}`, { metadata: { name }, handler });
}

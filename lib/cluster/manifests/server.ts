import type { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-33';
import { PROBE_PORT, type Plan, type PlannedServer } from './plan';
import { HARDENED_CONTAINER, probe, probeContainer, requirementsOf } from './pod';
import { secretEnvironment, secretMounts, secretVolumes } from './secrets';
import { addWorkload } from './workload';

/**
 * An MCP server: its own container, and one that asks it whether it answers. A server that does not answer MCP gets no requests, and is started again.
 *
 * Control: CON-1, MUL-1, MUL-3.
 */
export function addServer(chart: Chart, plan: Plan, server: PlannedServer): void {
  const { props } = server;
  const writable = props.writablePaths ?? [];
  addWorkload(chart, plan, server, {
    terminationGracePeriodSeconds: 60,
    containers: [
      {
        name: 'server',
        image: props.image,
        command: props.command,
        args: props.args,
        env: [...Object.entries(props.environment ?? {}).map(([name, value]) => ({ name, value })), ...secretEnvironment(server)],
        ports: [{ name: 'mcp', containerPort: server.port }],
        startupProbe: probe('/readyz', PROBE_PORT, { periodSeconds: 2, failureThreshold: 60 }),
        livenessProbe: probe('/livez', PROBE_PORT, { periodSeconds: 10, failureThreshold: 6 }),
        resources: requirementsOf(server.resources),
        securityContext: HARDENED_CONTAINER,
        volumeMounts: [...writable.map(({ path }, index) => ({ name: `writable-${index + 1}`, mountPath: path })), ...secretMounts(server)],
        terminationMessagePolicy: 'FallbackToLogsOnError',
      },
      probeContainer(plan, server),
    ],
    volumes: [
      ...writable.map(({ sizeMiB = 64 }, index) => ({ name: `writable-${index + 1}`, emptyDir: { sizeLimit: k8s.Quantity.fromString(`${sizeMiB}Mi`) } })),
      ...secretVolumes(plan, server),
    ],
  });
}

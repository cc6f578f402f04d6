import type { Plan } from './plan';
import type { WorkloadResources } from './props';

/** What the proxy of a sidecar may use. */
export const SIDECAR_RESOURCES: Required<WorkloadResources> = { cpuMillis: 100, memoryMiB: 128, storageMiB: 64 };

/** Labels that put the pods of a namespace into the mesh. */
export function meshNamespaceLabels({ mesh }: Plan): { [name: string]: string } {
  if (mesh._kind === 'none') return {};
  return mesh._kind === 'ambient' ? { 'istio.io/dataplane-mode': 'ambient' } : { 'istio-injection': 'enabled' };
}

/** What the injector of sidecars is told: an image that admission lets in, and how much it may use. */
export function meshPodAnnotations({ mesh }: Plan): { [name: string]: string } {
  if (mesh._proxyImage === undefined) return {};
  const { cpuMillis, memoryMiB } = SIDECAR_RESOURCES;
  return {
    'sidecar.istio.io/proxyImage': mesh._proxyImage,
    'sidecar.istio.io/proxyCPU': `${cpuMillis}m`,
    'sidecar.istio.io/proxyCPULimit': `${cpuMillis}m`,
    'sidecar.istio.io/proxyMemory': `${memoryMiB}Mi`,
    'sidecar.istio.io/proxyMemoryLimit': `${memoryMiB}Mi`,
  };
}

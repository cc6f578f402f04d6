/** What a Kubernetes cluster needs to run MCP servers behind the gateway, as plain objects: a pure function from declarations to manifests. */
export { renderManifests, type KubernetesObject } from './manifests';
export { gatewayNamespace, serverNamespace } from './plan';
export * from './props';
export * from './workload-props';
export { ImageSignatures } from './image-signatures';
export { Sandbox } from './sandbox';
export { SeccompProfile } from './seccomp-profile';
export { SecretStore } from './secret-store';
export { ServiceMesh, type AmbientMeshOptions, type NoMeshOptions, type SidecarMeshOptions, type WaypointReference } from './service-mesh';

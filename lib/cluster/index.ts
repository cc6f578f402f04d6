/** McpCluster: a hardened cluster of Amazon EKS in a security zone; repositories of images, roles of pods, and how manifests get there. */
export * from './cluster';
export * from './cluster-props';
export { ImageRegistry, type ImageRegistryProps } from './image-registry';
export { ClusterNodes, type ClusterNodesOptions, type ClusterNodesProps } from './nodes';
export { PodRole, type PodRoleProps } from './pod-role';
export { Istio, type IstioOptions, type IstioProps } from './istio';
export { ManifestDelivery, type ManifestDeliveryProps } from './manifest-delivery';
export { NodeTarget } from './node-target';
export * from './manifests';

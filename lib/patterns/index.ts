/** The deployment models, each composed of the families of this library. */
export * from './api-gateway-centric';
export { ContainerGateway, type ContainerGatewayOptions, type ContainerGatewayProps } from './container-gateway';
export * from './containerized-microservices';
export * from './containerized-microservices-props';
export * from './dedicated-security-zone';
export * from './dedicated-security-zone-props';
export * from './given-cluster';
export { LatticeService, type LatticeServiceOptions, type LatticeServiceProps } from './lattice-service';
export { PodGateway, type PodGatewayProps } from './pod-gateway';
export { PodServer } from './pod-server';
export * from './pod-server-props';
export { ZonedServer } from './zoned-server';

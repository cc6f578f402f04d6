/** The deployment models, each composed of the families of this library. */
export * from './api-gateway-centric';
export { ContainerGateway, type ContainerGatewayOptions, type ContainerGatewayProps } from './container-gateway';
export * from './dedicated-security-zone';
export * from './dedicated-security-zone-props';
export { LatticeService, type LatticeServiceOptions, type LatticeServiceProps } from './lattice-service';
export { ZonedServer } from './zoned-server';

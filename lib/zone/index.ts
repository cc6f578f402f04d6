/** SecurityZone: a network without a way out, in which everything that is possible was declared. */
export type { EgressOptions, ZoneEgressProps } from './egress/egress-props';
export { ZoneBalancer, type BalancerTarget, type ZoneBalancerProps, type ZoneRecord } from './balancer';
export type { ServiceUse } from './endpoint';
export { ZoneService } from './endpoint-service';
export { FargateServer, type ContainerOptions, type FargateServerProps } from './fargate-server';
export { IsolatedStage } from './isolated-stage';
export { LogArchive, type LogArchiveProps } from './log-archive';
export { SecurityZone } from './security-zone';
export { ZoneTier } from './tier';
export { ZoneWorkload } from './workload';
export type { AddZoneServerOptions, SecurityZoneProps } from './zone-props';

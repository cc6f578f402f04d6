/** The deployment models, each composed of the families of this library. */
export * from './api-gateway-centric';
export * from './dedicated-security-zone';

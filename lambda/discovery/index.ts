/** What servers offer: asked of them as a client would, read by the detector, noted in the registry. */
export * from './probe';
export * from './scan';
export * from './sightings';

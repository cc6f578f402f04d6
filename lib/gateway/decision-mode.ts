/** Where decisions are taken (CV-1). Both evaluate the same policies of the same store and give the same answers. */
export enum DecisionMode {
  /**
   * By the Cedar engine inside the function, on a copy of the store's policies that is refreshed in the background. Costs no
   * call per request; a change of a policy takes effect within the refresh interval. Without a good copy every request is refused.
   */
  IN_PROCESS = 'in-process',

  /** By Amazon Verified Permissions, with a call for every request. A change of a policy takes effect at once. */
  SERVICE = 'service',
}

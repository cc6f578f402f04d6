/** Whether access tokens are bound to a key that their sender has to prove (IAM-4): by DPoP (RFC 9449), or by the client's certificate (RFC 8705). */
export enum SenderConstraint {
  /** Tokens are bearer tokens; bound ones are refused. */
  OFF = 'off',

  /** Both kinds are accepted, bound ones only with their proof. */
  OPTIONAL = 'optional',

  /** Only bound tokens are accepted: a stolen one is of no use. */
  REQUIRED = 'required',
}

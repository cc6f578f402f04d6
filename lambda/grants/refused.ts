/** Why nothing becomes of a step, as a stable word. */
export type GrantRefusal =
  | 'invalid_request'
  | 'not_permitted'
  | 'not_found'
  | 'not_requested'
  | 'not_live'
  | 'own_grant'
  | 'approved_before'
  | 'ended'
  | 'too_many_requests';

const SENTENCES: Readonly<Record<Exclude<GrantRefusal, 'invalid_request'>, string>> = {
  not_permitted: 'no policy permits you to do this',
  not_found: 'there is no such grant',
  not_requested: 'it is not waiting for a decision any more',
  not_live: 'it is not in force',
  own_grant: 'nobody approves what they asked for themselves, or would use themselves',
  approved_before: 'you approved it already: somebody else has to be the second one',
  ended: 'it has ended already',
  too_many_requests: 'too many requests of this principal wait for a decision',
};

/** A step that is not taken. The message is one sentence for whoever asked. */
export class GrantRefused extends Error {
  constructor(
    readonly reason: GrantRefusal,
    sentence: string = reason === 'invalid_request' ? 'it is not a request for a grant' : SENTENCES[reason],
  ) {
    super(sentence);
    this.name = 'GrantRefused';
  }
}

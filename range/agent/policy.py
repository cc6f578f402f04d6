"""Would a service endpoint let somebody else's resource be written? Evaluates a policy on requests, as IAM does."""

import fnmatch
import json

OWN = {'aws:resourceaccount': '${AWS/AccountId}', 'aws:principalaccount': '${AWS/AccountId}', 'aws:resourceorgid': 'o-own', 'aws:principalorgid': 'o-own'}
FOREIGN = {'aws:resourceaccount': '999988887777', 'aws:resourceorgid': 'o-foreign', 'aws:principalaccount': '999988887777', 'aws:principalorgid': 'o-foreign'}
# Nothing that somebody else could read goes with these.
WITHOUT_DATA = {'ecr:getauthorizationtoken', 'sts:getcalleridentity'}


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def matches(patterns, value):
    return any(fnmatch.fnmatchcase(value.lower(), str(pattern).lower()) for pattern in as_list(patterns))


def holds(condition, context):
    """Operators that a policy of an endpoint may use; another one does not hold, and nothing is allowed by it."""
    for operator, keys in (condition or {}).items():
        name = operator.lower()
        lenient = name.endswith('ifexists')
        name = name.removesuffix('ifexists').split(':')[-1]
        for key, wanted in keys.items():
            value = context.get(key.lower())
            if value is None:
                if lenient or name.startswith('stringnot'):
                    continue
                return False
            if name in ('stringequals', 'stringequalsignorecase', 'arnequals'):
                good = value in [str(item) for item in as_list(wanted)]
            elif name in ('stringlike', 'arnlike'):
                good = matches(wanted, value)
            elif name == 'stringnotequals':
                good = value not in [str(item) for item in as_list(wanted)]
            elif name == 'stringnotlike':
                good = not matches(wanted, value)
            else:
                good = False
            if not good:
                return False
    return True


def allowed(policy, action, resource, context):
    """Explicit denial, then permission, else nothing."""
    verdict = False
    for statement in as_list(policy.get('Statement')):
        about_action = matches(statement['Action'], action) if 'Action' in statement else not matches(statement.get('NotAction'), action)
        about_resource = matches(statement['Resource'], resource) if 'Resource' in statement else not matches(statement.get('NotResource'), resource)
        if not about_action or not about_resource or not holds(statement.get('Condition'), context):
            continue
        if statement.get('Effect') == 'Deny':
            return False
        verdict = True
    return verdict


def foreign_request_allowed(policy, service):
    """Tries every action that the policy names on resources of another account, with rights of one's own and with theirs."""
    if policy is None:
        return True
    if isinstance(policy, str):
        policy = json.loads(policy)
    prefix = service.split('.')[0]
    actions = {prefix + ':PutObject', prefix + ':Write'}
    resources = {'arn:aws:%s:::attacker-resource/x' % prefix, 'arn:aws:%s:eu-west-1:999988887777:thing/x' % prefix}
    for statement in as_list(policy.get('Statement')):
        actions.update(str(action).replace('*', 'Anything') for action in as_list(statement.get('Action')))
        # A bucket that is named is whoever's the author meant; one that is not can be anybody's.
        resources.update(str(resource).replace('*', 'attacker') for resource in as_list(statement.get('Resource')) if '999988887777' in str(resource))
    for action in actions:
        if action.lower() in WITHOUT_DATA:
            continue
        for resource in resources:
            for principal in (OWN, FOREIGN):
                context = {**FOREIGN, 'aws:principalaccount': principal['aws:principalaccount'], 'aws:principalorgid': principal['aws:principalorgid']}
                if allowed(policy, action, resource, context):
                    return True
    return False

import { cidr, type AddressRange } from '../address';

/** Blocks of the benchmarking range (RFC 2544) that stand for the public addresses of services that have gateway endpoints. */
const STAND_INS: Readonly<Record<string, string>> = { s3: '198.18.0.0/24', dynamodb: '198.18.1.0/24', s3express: '198.18.2.0/24' };

/** Ids of AWS-managed prefix lists, where they are the same in every account: us-east-1, us-east-2, us-west-2, eu-west-1, eu-central-1. */
const MANAGED_LISTS: Readonly<Record<string, string>> = {
  'pl-63a5400a': 's3',
  'pl-7ba54012': 's3',
  'pl-68a54001': 's3',
  'pl-6da54004': 's3',
  'pl-6ea54007': 's3',
  'pl-02cd2c6b': 'dynamodb',
  'pl-4ca54025': 'dynamodb',
  'pl-00a54069': 'dynamodb',
  'pl-6fa54006': 'dynamodb',
  'pl-66a5400f': 'dynamodb',
};

/** The addresses of a service with a gateway endpoint. */
export function serviceRanges(service: string): readonly AddressRange[] {
  const block = STAND_INS[service];
  return block ? [cidr(block)] : [];
}

/**
 * The addresses of the AWS-managed prefix list that a template names: by its id, by its name, or by a look-up whose text holds its
 * name. Undefined where it is another list.
 */
export function namedServiceRanges(list: string): readonly AddressRange[] | undefined {
  const byName = /com\.amazonaws\.[^.]+\.(s3express|s3|dynamodb)\b/.exec(list)?.[1];
  const service = MANAGED_LISTS[list] ?? byName;
  return service ? serviceRanges(service) : undefined;
}

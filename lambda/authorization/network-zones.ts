import { BlockList, isIP } from 'node:net';
import type { AuthorizationRequest, DecisionPoint } from './decision';

/** Address ranges (`10.0.0.0/8`, `2001:db8::/32`, single addresses) by the name that policies know them by. */
export type NetworkZones = Readonly<Record<string, readonly string[]>>;

/** The zone of an address that is in none that was named, and of a request whose address is not known. */
export const OUTSIDE = 'outside';

/**
 * Decides as `point` does, with `context.network.zone` (JIT-2): the first zone that the source address is in, in the order given,
 * otherwise `outside`.
 *
 * @throws TypeError naming the range that is none, or a zone with a name of no use
 */
export function withNetworkZones(point: DecisionPoint, zones: NetworkZones): DecisionPoint {
  const zoneOf = createZoneLookup(zones);
  const located = (request: AuthorizationRequest): AuthorizationRequest => ({
    ...request,
    context: { ...request.context, network: { zone: zoneOf(request.context.sourceIp) } },
  });
  return {
    decide: (request) => point.decide(located(request)),
    visible: (requests) => point.visible(requests.map(located)),
  };
}

/** @throws TypeError as {@link withNetworkZones} */
export function createZoneLookup(zones: NetworkZones): (address: string | undefined) => string {
  const lists = Object.entries(zones).map(([name, ranges]) => {
    if (name === '' || name === OUTSIDE) throw new TypeError(`a network zone is named ${JSON.stringify(name)}, which stands for what is in no zone; expected another name`);
    return { name, list: listOf(name, ranges) };
  });
  return (address) => {
    const plain = address?.replace(MAPPED, '').replace(/%.*$/, '') ?? '';
    const version = isIP(plain);
    if (version === 0) return OUTSIDE;
    const family = version === 4 ? 'ipv4' : 'ipv6';
    return lists.find(({ list }) => list.check(plain, family))?.name ?? OUTSIDE;
  };
}

/** IPv4 in IPv6, as dual-stack sockets report it. */
const MAPPED = /^::ffff:(?=\d+\.)/i;

function listOf(name: string, ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix, ...more] = range.split('/');
    const version = isIP(address);
    const widest = version === 4 ? 32 : 128;
    const length = prefix === undefined ? widest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (version === 0 || more.length > 0 || !(length <= widest)) {
      throw new TypeError(`the network zone ${JSON.stringify(name)} has ${JSON.stringify(range)}, expected an address or a range such as 10.0.0.0/8`);
    }
    list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

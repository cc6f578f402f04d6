import ipaddr from 'ipaddr.js';
import { GetIPSetCommand, UpdateIPSetCommand, WAFOptimisticLockException, type WAFV2Client } from '@aws-sdk/client-wafv2';
import type { Action } from '../action';
import type { Executor } from '../executor';

/** An IP set of AWS WAF that a rule of a web ACL blocks. */
export interface IpSet {
  readonly name: string;
  readonly id: string;
  /** @default 'REGIONAL' */
  readonly scope?: 'REGIONAL' | 'CLOUDFRONT';
}

export interface WafOptions {
  readonly client: WAFV2Client;
  readonly ipv4: IpSet;
  readonly ipv6: IpSet;
}

const MAX_TRIES = 20;
/** A single host has a whole network of IPv6 to choose from. */
const IPV6_HOST_BITS = 64;

/**
 * Blocks addresses at the edge: in an IP set that is the response's own. Another writer at the same time is found out by the
 * set's lock token, and the change is made again on what that one wrote.
 *
 * Control: IR-2, SOC-3, NET-3.
 */
export function createWafExecutor({ client, ipv4, ipv6 }: WafOptions): Executor<Extract<Action, { kind: 'block_address' }>> {
  async function read({ name, id, scope = 'REGIONAL' }: IpSet) {
    const { IPSet, LockToken } = await client.send(new GetIPSetCommand({ Name: name, Id: id, Scope: scope }));
    if (IPSet === undefined || LockToken === undefined) throw new Error(`AWS WAF does not say what is in the IP set ${name}`);
    return { addresses: IPSet.Addresses ?? [], lockToken: LockToken };
  }

  /** Answers whether there was anything to change. */
  async function change(network: string, isBlocked: boolean): Promise<boolean> {
    const set = network.includes(':') ? ipv6 : ipv4;
    for (let tries = 1; ; tries += 1) {
      const { addresses, lockToken } = await read(set);
      if (addresses.some((one) => isSame(one, network)) === isBlocked) return false;
      const Addresses = isBlocked ? [...addresses, network] : addresses.filter((one) => !isSame(one, network));
      try {
        await client.send(new UpdateIPSetCommand({ Name: set.name, Id: set.id, Scope: set.scope ?? 'REGIONAL', Addresses, LockToken: lockToken }));
        return true;
      } catch (error) {
        if (!(error instanceof WAFOptimisticLockException) || tries === MAX_TRIES) throw error;
      }
    }
  }

  return {
    async observe({ address: { address } }) {
      const network = networkOf(address);
      const { addresses } = await read(network.includes(':') ? ipv6 : ipv4);
      const contained = addresses.some((one) => isSame(one, network));
      return { is: contained ? 'AWS WAF blocks it' : 'AWS WAF lets it through', contained, value: {} };
    },
    async apply({ address: { address } }) {
      await change(networkOf(address), true);
      return 'AWS WAF blocks it';
    },
    async undo({ address: { address } }) {
      await change(networkOf(address), false);
      return 'AWS WAF lets it through again';
    },
  };
}

/** As IP sets have it: an address of IPv4 by itself, the /64 of one of IPv6. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return `${address}/32`;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${IPV6_HOST_BITS}`).toString()}/${IPV6_HOST_BITS}`;
}

/** AWS WAF writes addresses of IPv6 in full. */
function isSame(one: string, other: string): boolean {
  if (one === other) return true;
  const [[first, firstBits], [second, secondBits]] = [ipaddr.parseCIDR(one), ipaddr.parseCIDR(other)];
  return first.kind() === second.kind() && firstBits === secondBits && first.toNormalizedString() === second.toNormalizedString();
}

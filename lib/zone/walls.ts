import type { Place } from './network';
import type { PortRange } from './network-acl';

/** Somewhere in the zone. Which subnets that are is known only when all egress is declared. */
type Somewhere = () => Place;

/** The connections of a zone that its network ACLs have to let through, once it is known between which subnets. */
export class Walls {
  private readonly connections: { readonly from: Somewhere; readonly to: Somewhere; readonly ports: PortRange }[] = [];
  private readonly clients: { readonly place: Somewhere; readonly cidr: string; readonly ports: PortRange }[] = [];

  /** Lets connections through from one place to another. */
  connect(from: Somewhere, to: Somewhere, ports: PortRange): void {
    this.connections.push({ from, to, ports });
  }

  /** Lets connections of clients elsewhere through. */
  admit(place: Somewhere, cidr: string, ports: PortRange): void {
    this.clients.push({ place, cidr, ports });
  }

  /** Opens them, once, when the tree is complete. */
  open(): void {
    for (const { from, to, ports } of this.connections.splice(0)) {
      const [source, target] = [from().wall, to().wall];
      if (!source || !target) continue;
      source.acl.allowTo(target.cidr, ports);
      target.acl.allowFrom(source.cidr, ports);
    }
    for (const { place, cidr, ports } of this.clients.splice(0)) place().wall?.acl.allowFrom(cidr, ports);
  }
}

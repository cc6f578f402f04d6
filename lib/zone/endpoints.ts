import { Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { ZoneDnsFirewall } from './dns-firewall';
import { ZoneEndpoint } from './endpoint';
import type { ZoneService } from './endpoint-service';
import type { ZoneNetwork } from './network';

export interface ZoneEndpointsProps {
  readonly network: ZoneNetwork;
  readonly dnsFirewall: ZoneDnsFirewall;
  readonly organizationId?: string;
}

/** The endpoints of a zone: one for each service that somebody uses, made for the first one. */
export class ZoneEndpoints extends Construct {
  private readonly props: ZoneEndpointsProps;
  private readonly made = new Map<string, ZoneEndpoint>();

  constructor(scope: Construct, id: string, props: ZoneEndpointsProps) {
    super(scope, id);
    this.props = props;
  }

  /** The endpoint of a service, whose names can be looked up from then on. */
  of(service: ZoneService): ZoneEndpoint {
    const known = this.made.get(service.name);
    if (known) return known;
    const { network, dnsFirewall, organizationId } = this.props;
    const endpoint = new ZoneEndpoint(this, service.name, { network, service, organizationId });
    this.made.set(service.name, endpoint);
    const { region, urlSuffix } = Stack.of(this);
    dnsFirewall.allowInside(...service.hostPrefixes.map((prefix) => `${prefix}.${region}.${urlSuffix}`));
    if (!service.privateDns) dnsFirewall.allowInside(endpoint.hostName);
    return endpoint;
  }
}

import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { createZoneLookup, withNetworkZones } from '../../lambda/authorization/network-zones';
import { calls, person, readFile } from './fixtures';

const zones = { office: ['10.1.0.0/16', '2001:db8:1::/48'], partners: ['203.0.113.7', '10.0.0.0/8'] };

describe('network zones', () => {
  const zoneOf = createZoneLookup(zones);

  it.each([
    ['10.1.2.3', 'office'],
    ['::ffff:10.1.2.3', 'office'],
    ['2001:db8:1::5', 'office'],
    ['fe80::1%eth0', 'outside'],
    ['10.2.0.1', 'partners'],
    ['203.0.113.7', 'partners'],
    ['203.0.113.8', 'outside'],
    ['not an address', 'outside'],
    [undefined, 'outside'],
  ])('JIT-2 %s is in the zone %s', (address, zone) => {
    expect(zoneOf(address)).toBe(zone);
  });

  it('JIT-2 are seen by policies, in decisions and in lists', () => {
    const point = withNetworkZones(createCedarDecisionPoint({ policies: { p: 'permit(principal, action, resource) when { context.network.zone == "office" };' } }), zones);
    const request = (sourceIp: string) => calls(person('alice'), 'files', readFile, { path: 'a' }, { sourceIp });
    expect(point.decide(request('10.1.2.3'))).toMatchObject({ effect: 'allow' });
    expect(point.decide(request('8.8.8.8'))).toMatchObject({ effect: 'deny', reason: 'not_permitted' });
    expect(point.visible([request('8.8.8.8'), request('10.1.2.3')])).toEqual([false, true]);
  });

  it.each([
    [{ office: ['10.0.0.0/33'] }, '10.0.0.0/33'],
    [{ office: ['10.0.0.0/x'] }, '10.0.0.0/x'],
    [{ office: ['10.0.0.0/8/9'] }, '10.0.0.0/8/9'],
    [{ office: ['intranet'] }, 'intranet'],
    [{ outside: ['10.0.0.0/8'] }, 'stands for what is in no zone'],
  ])('refuses %j', (wrong, message) => {
    expect(() => createZoneLookup(wrong)).toThrow(message);
  });
});

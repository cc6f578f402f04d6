import { clientAddress } from '../../lambda/container/client-address';

test.each([
  ['nothing is believed of a header where no proxy writes it', '1.1.1.1', 0, '10.0.0.9'],
  ['the entry of the only proxy', '203.0.113.7', 1, '203.0.113.7'],
  ['GW-3 what a client wrote before it is not believed', '198.51.100.1, 203.0.113.7', 1, '203.0.113.7'],
  ['the entry of the outermost of two proxies', '198.51.100.1, 203.0.113.7, 10.80.4.5', 2, '203.0.113.7'],
  ['an IPv6 address', '2001:db8::1', 1, '2001:db8::1'],
  ['a header that is missing tells nothing', undefined, 1, undefined],
  ['a header that is too short tells nothing', '203.0.113.7', 2, undefined],
  ['what is no address tells nothing', 'unknown', 1, undefined],
])('%s', (_, forwarded, proxies, address) => {
  expect(clientAddress(forwarded, proxies, '10.0.0.9')).toBe(address);
});

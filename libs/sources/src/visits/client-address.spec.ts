import { clientIpOf, isNetwork, trustedNetworks } from './client-address.js';

const OURS = trustedNetworks(['10.0.0.0/8', '2001:db8:1::/48']);
const SHOPS = trustedNetworks(['198.51.100.7']);

describe('the client’s address', () => {
  it.each([
    ['is the peer’s', '203.0.113.9', undefined, '203.0.113.9'],
    ['is the peer’s, whatever a stranger says', '203.0.113.9', '203.0.113.1', '203.0.113.9'],
    ['is what our proxy says', '10.1.2.3', '203.0.113.9', '203.0.113.9'],
    ['is the last that no proxy of ours has', '10.1.2.3', '203.0.113.1, 203.0.113.9, 10.9.9.9', '203.0.113.9'],
    ['is seen through the shop’s own proxy', '10.1.2.3', '203.0.113.9, 198.51.100.7', '203.0.113.9'],
    ['is mapped back', '::ffff:10.1.2.3', '::ffff:203.0.113.9', '203.0.113.9'],
    ['may be of IPv6', '2001:db8:1::1', '2a00:1450:4001::5', '2a00:1450:4001::5'],
    ['is not kept when it is private', '10.1.2.3', '192.168.0.7', ''],
    ['is not kept when it is no address', '10.1.2.3', 'unknown', ''],
    ['is not our own proxy’s', '10.1.2.3', undefined, ''],
  ])('%s', (_, peer, forwarded, expected) => {
    expect(clientIpOf(peer, forwarded, [OURS, SHOPS])).toBe(expected);
  });

  it('is not looked for without end', () => {
    const many = Array.from({ length: 1_000 }, () => '10.0.0.1').join(',');
    expect(clientIpOf('10.0.0.1', `203.0.113.9,${many}`, [OURS])).toBe('');
  });
});

it.each([
  ['203.0.113.7', true],
  ['203.0.113.0/24', true],
  ['2001:db8::/32', true],
  ['203.0.113.0/33', false],
  ['2001:db8::/129', false],
  ['shop.example', false],
  ['', false],
])('%j is a network: %s', (text, expected) => expect(isNetwork(text)).toBe(expected));

import { isPrivateLiteral, publicLookup } from './public-lookup.js';

describe('hosts that are written as addresses', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[fe80::1]',
    '[fd00::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
  ])('refuses %s', (host) => {
    expect(isPrivateLiteral(host)).toBe(true);
  });

  it.each(['93.184.216.34', '[2606:2800:220:1::1]', 'shop.example'])('lets %s through', (host) => {
    expect(isPrivateLiteral(host)).toBe(false);
  });
});

describe('names', () => {
  it('refuses a name whose only addresses are loopback, at the moment of connecting', async () => {
    const error = await new Promise((resolve) => publicLookup('localhost', { all: true }, (found) => resolve(found)));
    expect(error).toMatchObject({ code: 'ERR_PRIVATE_ADDRESS' });
  });
});

import { writtenSettings } from './connection-kinds.js';

it('leaves out of settings in force what no person may write', () => {
  const fromShop = { country: 'CL', currency: 'CLP', currencyDecimals: 0, timeZone: null, weightUnit: null };
  expect(writtenSettings('woocommerce', { storeUrl: 'https://shop.example', country: null, fromShop })).toEqual({
    storeUrl: 'https://shop.example',
    country: null,
  });
  expect(writtenSettings('tiktok', { pixelCode: 'P1' })).toEqual({ pixelCode: 'P1' });
});

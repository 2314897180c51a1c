import { foreignSource } from './webhook-source.js';

describe('the shop that a delivery names', () => {
  it.each([
    ['https://shop.example/', 'https://shop.example'],
    ['http://shop.example/', 'https://shop.example'],
    ['https://www.shop.example/', 'https://shop.example'],
    ['https://shop.example/', 'https://www.shop.example'],
    ['http://shop.example:8080/', 'https://shop.example'],
    ['https://SHOP.example./', 'https://shop.example'],
    ['https://shop.example/es/', 'https://shop.example/tienda'],
    ['https://xn--caf-dma.example/', 'https://café.example'],
    ['', 'https://shop.example'],
    ['shop.example', 'https://shop.example'],
    ['javascript:alert(1)', 'https://shop.example'],
  ])('is the connected one, or none: %s for %s', (source, storeUrl) => {
    expect(foreignSource(source, storeUrl)).toBeNull();
    expect(foreignSource(undefined, storeUrl)).toBeNull();
  });

  it.each([
    ['https://staging.shop.example/', 'https://shop.example', 'staging.shop.example'],
    ['https://shop.example/', 'https://staging.shop.example', 'shop.example'],
    ['https://shop.example.hosting.example/', 'https://shop.example', 'shop.example.hosting.example'],
    ['https://wwwshop.example/', 'https://shop.example', 'wwwshop.example'],
    ['http://127.0.0.1:8080/', 'https://shop.example', '127.0.0.1'],
  ])('is another one: %s for %s', (source, storeUrl, host) => {
    expect(foreignSource(source, storeUrl)).toBe(host);
  });
});

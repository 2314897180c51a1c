import { donePage } from './done-page.js';

describe('the page for a merchant who comes back', () => {
  it('says that the shop is connected, or why not', () => {
    expect(donePage({ state: 'connected', because: null })).toContain('Your shop is connected');
    expect(donePage({ state: 'refused', because: 'shop.example does not take these keys' })).toContain('does not take these keys');
    expect(donePage({ state: 'expired', because: null })).toContain('no longer good');
    expect(donePage(undefined)).toContain('no longer good');
    expect(donePage({ state: 'waiting', because: null })).toContain('have not arrived');
  });

  it('takes nothing for markup', () => {
    expect(donePage({ state: 'refused', because: '<script>alert(1)</script>' })).not.toContain('<script>');
  });
});

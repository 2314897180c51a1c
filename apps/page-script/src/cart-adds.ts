import { eventually, page } from './page-window.js';
import { contentsOfButton, contentsOfForm, pageProduct, worthOf } from './products.js';
import type { Content } from './outbox.js';
import type { Visits } from './visits.js';

/** A click is not yet an addition, and an addition does not say what was clicked: the two are put together. */
interface Intent {
  readonly contents: readonly Content[];
  readonly at: number;
}

const INTENT_LASTS_MS = 30_000;
/** WooCommerce tells one addition in two ways, right after each other. */
const ECHO_LASTS_MS = 2_000;
const BUTTONS = '.add_to_cart_button, .ajax_add_to_cart';

const contentsOf = (element: Element | null): readonly Content[] => {
  const form = element?.closest<HTMLFormElement>('form.cart');
  const button = element?.closest<HTMLElement>(BUTTONS);
  if (button) return contentsOfButton(button);
  return form ? contentsOfForm(form) : [];
};

/**
 * Additions to the cart on a plain shop: WooCommerce's `added_to_cart` (jQuery) and `wc-blocks_added_to_cart`, forms and links that
 * load a page. An addition whose product nobody names is not told.
 */
export function watchCartAdds(visits: Visits): void {
  let intent: Intent | undefined;
  let toldAt = 0;

  const tell = (contents: readonly Content[]): void => {
    intent = undefined;
    toldAt = Date.now();
    if (contents.length > 0) visits.track('cart_add', worthOf(contents, pageProduct()?.currency), 'page');
  };
  const wanted = (): readonly Content[] => (intent !== undefined && Date.now() - intent.at < INTENT_LASTS_MS ? intent.contents : []);
  const want = (element: Element | null): void => {
    const contents = contentsOf(element);
    if (contents.length > 0) intent = { contents, at: Date.now() };
  };

  document.addEventListener('click', ({ target }) => want((target as Element).closest(BUTTONS)), true);
  document.addEventListener('submit', ({ target }) => want(target as Element), true);
  // After every listener of the page: what still goes on loads a page and takes the product along.
  addEventListener('submit', (event) => {
    if ((event.target as Element).matches('form.cart') && !event.defaultPrevented) tell(wanted());
  });
  addEventListener('click', (event) => {
    const link = (event.target as Element).closest('a.add_to_cart_button:not(.ajax_add_to_cart)');
    if (link !== null && !event.defaultPrevented) tell(wanted());
  });
  // Not every one of these bubbles.
  document.addEventListener('wc-blocks_added_to_cart', () => tell(wanted()), true);
  eventually(() => {
    page.jQuery?.(document.body).on('added_to_cart', (_event, _fragments, _hash, button) => {
      const element = (button as ArrayLike<Element> | undefined)?.[0] ?? null;
      if (intent === undefined && Date.now() - toldAt > ECHO_LASTS_MS) want(element);
      tell(wanted());
    });
    return page.jQuery !== undefined;
  });
}

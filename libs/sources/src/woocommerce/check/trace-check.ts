import { bad, good, note, type Check, type ShopScene } from './check-line.js';
import { ago } from './time-words.js';

const DAY = 86_400_000;
const INSTALL = 'docs/install-the-script.md';

/** Snippet and cookie are judged by the newest order of a checkout: before one there is nothing to see. */
function checkOrders({ seen, now }: ShopScene): readonly Check[] {
  const ordered = seen['checkout-order'];
  if (ordered === undefined) return [note('snippet', 'no order of a checkout was seen yet')];
  const snippet = seen['snippet-order'];
  if (snippet === undefined || snippet < ordered - DAY) {
    const last =
      snippet === undefined ? 'no order carries what it adds' : `the last order that carries what it adds is from ${ago(snippet, now)}`;
    return [
      bad(
        'snippet',
        `${last}, the last order from ${ago(ordered, now)}`,
        `Install tributary.php in the shop, or look for an error in its log cookie-monitor (${INSTALL}).`,
      ),
    ];
  }
  const cookie = seen['cookie-order'];
  const line = good('snippet', `in an order from ${ago(snippet, now)}`);
  if (cookie === undefined)
    return [
      line,
      bad(
        'cookie',
        'no order carries the visitor’s cookie',
        `Is the script on every page, and is its collector below the shop’s own domain (${INSTALL})? Buyers who refuse consent have none.`,
      ),
    ];
  return [line, good('cookie', `in an order from ${ago(cookie, now)}`)];
}

const checkScript = ({ visits, now }: ShopScene): readonly Check[] =>
  visits.length === 0
    ? [note('script', 'no visits connection belongs to this shop')]
    : visits.map(({ id, lastVisitAt }) => {
        const name = `script ${id}`;
        const todo = `Is the script tag on the shop’s pages, and does its page reach ingest (${INSTALL})?`;
        if (lastVisitAt === null) return bad(name, 'no page has sent a visit yet', todo);
        const what = `last visit ${ago(lastVisitAt, now)}`;
        return now - lastVisitAt < DAY ? good(name, what) : bad(name, what, todo);
      });

/** Whether the shop's pages and orders carry what we need of them. */
export const checkTraces = (scene: ShopScene): readonly Check[] => [...checkOrders(scene), ...checkScript(scene)];

import { watchCartAdds } from './cart-adds.js';
import { watchDataLayer } from './ga4-layer.js';
import { isFields, page, textOf, whenParsed, type Api, type Call, type Fields } from './page-window.js';
import { readSettings } from './settings.js';
import { tellPage } from './shop-pages.js';
import { openVisits, type Visits } from './visits.js';

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => (byte + 256).toString(16).slice(1)).join('');
}

/** Mail leaves the browser hashed where the browser can; a phone too when it is E.164 already, else the server must know the country. */
async function personOf(given: Fields): Promise<Fields> {
  const hidden = async (name: string, text: string, isComplete: boolean): Promise<Fields> =>
    isComplete && isSecureContext ? { [name]: undefined, [`${name}_sha256`]: await sha256(text) } : { [name]: text || undefined };
  const [email, phone] = [textOf(given['email']).toLowerCase(), textOf(given['phone'])];
  return {
    ...given,
    ...(await hidden('email', email, email !== '')),
    ...(await hidden('phone', phone, /^\+[1-9]\d{6,14}$/.test(phone))),
  };
}

function answer(visits: Visits, call: Call): unknown {
  const [command, what, fields] = Array.from(call);
  if (command === 'track') return visits.track(textOf(what), fields as Fields | undefined);
  if (!isFields(what)) return undefined;
  if (command === 'consent') visits.consent.answer(what['ads']);
  if (command === 'identify') void personOf(what).then(visits.identify);
  return undefined;
}

function start(): boolean {
  const settings = readSettings();
  if (settings === undefined) return false;
  const waiting = page.tributary?.q ?? [];
  const visits = openVisits(settings);
  const api: Api = (...call) => answer(visits, call);
  api.isRunning = true;
  page.tributary = api;
  for (const call of waiting) answer(visits, call);
  watchDataLayer(visits);
  whenParsed(() => {
    watchCartAdds(visits);
    tellPage(visits);
  });
  return true;
}

// A tag in the page, one in the tag manager and one that an optimiser moved are one script.
if (page.tributary?.isRunning !== true && !start()) whenParsed(() => page.tributary?.isRunning !== true && start());

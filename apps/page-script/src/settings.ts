import { page } from './page-window.js';

/** What the shop's tag says; see docs/install-the-script.md. */
export interface Settings {
  readonly writeKey: string;
  /** Where batches go. */
  readonly collectUrl: string;
  readonly identifyUrl: string;
  /** Nothing is stored or sent before the visitor said yes. */
  readonly isConsentRequired: boolean;
  /** The pixel that the script loads where the page has none; empty: none. */
  readonly pixelCode: string;
}

const FILE = /\/v1\/tributary\.js$/;

/** The tag's own attributes: `data-write-key` and so on, wherever an optimiser has moved the tag. */
function fromTag(): DOMStringMap {
  const tag = document.querySelector<HTMLScriptElement>('script[data-write-key]');
  const { src = '', dataset = {} } = tag ?? {};
  return Object.assign(FILE.test(src) ? { host: src.replace(FILE, '') } : {}, dataset);
}

/** Attributes of the tag, and over them what `tributary('init', {…})` gives; undefined without a write key or an address. */
export function readSettings(): Settings | undefined {
  const init = Array.from(page.tributary?.q ?? []).find((call) => call[0] === 'init')?.[1] as DOMStringMap | undefined;
  const {
    writeKey,
    host,
    collectUrl = host && `${host}/v1/collect`,
    identifyUrl = `${host}/v1/identify`,
    consent,
    pixel = '',
  } = Object.assign(fromTag(), init);
  return writeKey && collectUrl
    ? { writeKey, collectUrl, identifyUrl, isConsentRequired: consent !== 'not-required', pixelCode: pixel }
    : undefined;
}

const MAX_MESSAGE_CHARS = 300;
/** Field names that a vendor puts in quotes; any other quoted text may be a value. */
const QUOTED_FIELD = /^['"`](data|user|page|properties|contents|event|context|test)[\w.[\]]*['"`]$/;

/**
 * A vendor's message without what it may have echoed of a person: mail addresses, hashes, tokens, addresses, phones and other long
 * numbers, and quoted values become `[…]`. One line, at most 300 characters.
 */
export function scrubbed(message: string): string {
  return message
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .replace(/(?<!\p{L})(['"`])(?:(?!\1).)*\1/gu, (quoted) => (QUOTED_FIELD.test(quoted) ? quoted : '[…]'))
    .replace(/[^\s@,;:<>()]+@[^\s@,;:<>()]+/g, '[…]')
    .replace(/https?:\/\/[^\s]+/gi, '[…]')
    .replace(/[A-Za-z0-9_-]{32,}/g, '[…]')
    .replace(/\b(?:[0-9a-f]{0,4}:){3,7}[0-9a-f.]{0,15}/gi, '[…]')
    .replace(/\+?\p{Nd}(?:[\p{Nd}\s().-]*\p{Nd}){5,}/gu, '[…]')
    .trim()
    .slice(0, MAX_MESSAGE_CHARS);
}

/** An id from a vendor's answer, kept only while it looks like one; null otherwise. */
export const requestIdOf = (value: unknown): string | null => (typeof value === 'string' && /^[\w.:-]{1,100}$/.test(value) ? value : null);

/**
 * One writer per language for every value that is filled in. Each gives a complete literal, quotes included, that means exactly the
 * given text, or throws {@link UnsafeValue} where the language cannot say it.
 */
export class UnsafeValue extends Error {
  override readonly name = 'UnsafeValue';
}

const hex = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * A JavaScript literal of a JSON value (JSON itself, but for a key `__proto__`, which would set the prototype) that may stand inside
 * a `script` element: nothing in it ends the element, opens a comment, or is taken for a variable of a tag manager (`{{…}}`).
 */
export const scriptLiteral = (value: unknown): string =>
  JSON.stringify(value)
    .replace(/(?<=[{,])"__proto__":/g, '["__proto__"]:')
    .replace(/[<>&\u2028\u2029]|\{(?=\{)/g, hex);

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** The value of an attribute, with its quotes. */
export const attributeLiteral = (text: string): string => `"${text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')}"`;

/** A single-quoted PHP string: only backslash and quote mean anything in it. */
export const phpLiteral = (text: string): string => `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;

/** A PHP array of texts by text. */
export const phpMap = (entries: Readonly<Record<string, string>>): string =>
  `array( ${Object.entries(entries)
    .map(([key, value]) => `${phpLiteral(key)} => ${phpLiteral(value)}`)
    .join(', ')} )`;

export const phpList = (items: readonly string[]): string => `array( ${items.map(phpLiteral).join(', ')} )`;

/**
 * A double-quoted word of nginx' or Apache's configuration. Neither can say a dollar sign without meaning a variable, nor Apache a
 * percent sign in every place; addresses have another way to write them, other texts do not come here.
 */
export function configWord(text: string): string {
  if (/[^\x21-\x7e]|["\\$]/.test(text)) throw new UnsafeValue('a web server’s configuration cannot hold this value');
  return `"${text}"`;
}

/** An http(s) address for a web server's configuration. */
export function configUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return configWord(`${protocol}//${host}${pathname.replace(/\/$/, '').replaceAll('$', '%24')}`);
}

/** A text inside a comment of any of these languages; whatever could end one is left out. */
export const commentText = (text: string): string => text.replace(/[^A-Za-z0-9 .,:/_-]/g, '').replace(/--+/g, '-');

import { DESTINATIONS } from '@tributary/destinations';
import { SOURCES, type Source } from '@tributary/sources';
import { z } from 'zod';

/** What a connection of one kind may say, and which of it is secret. */
export interface ConnectionKind {
  readonly kind: string;
  readonly role: 'shop' | 'visits' | 'destination';
  readonly settings: z.ZodObject;
  readonly secrets: z.ZodObject;
  /** What a new version carries over from the one before besides what was asked for. */
  readonly keep: (wanted: unknown, known: unknown) => unknown;
  /** Secrets that are made when nobody gives them. */
  readonly generated: readonly string[];
  /** The secret, or list of them, by which an arrival finds the connection: unique in the installation. */
  readonly address: string | null;
  /** Right settings, for a second look at a connection whose own cannot be read as a whole. */
  readonly example: Readonly<Record<string, unknown>>;
}

function fieldsOf(kind: string, schema: z.ZodType): z.ZodObject {
  if (!(schema instanceof z.ZodObject)) throw new TypeError(`the schemas of connection kind ${kind} must be objects`);
  return schema;
}

const asWanted = (wanted: unknown): unknown => wanted;

const sources = Object.values<Source>(SOURCES).map(({ kind, role, settings, secrets, generated, address, keep }): ConnectionKind => ({
  kind,
  role,
  settings: fieldsOf(kind, settings),
  secrets: fieldsOf(kind, secrets),
  keep: keep ?? asWanted,
  generated,
  address,
  example: {},
}));

const destinations = Object.entries(DESTINATIONS).map(([kind, { settingsSchema, secretsSchema, example }]): ConnectionKind => ({
  kind,
  role: 'destination',
  settings: fieldsOf(kind, settingsSchema),
  secrets: fieldsOf(kind, secretsSchema),
  keep: asWanted,
  generated: [],
  address: null,
  example: example.settings as ConnectionKind['example'],
}));

const KINDS: ReadonlyMap<string, ConnectionKind> = new Map([...sources, ...destinations].map((kind) => [kind.kind, kind]));

export const connectionKinds = (): readonly ConnectionKind[] => [...KINDS.values()];

export const connectionKind = (kind: string): ConnectionKind | undefined => KINDS.get(kind);

/** Of settings in force what a person may write; the rest is carried over by itself. */
export function writtenSettings(kind: string, settings: unknown): Readonly<Record<string, unknown>> {
  const fields = KINDS.get(kind)?.settings.shape ?? {};
  return Object.fromEntries(Object.entries(settings as Record<string, unknown>).filter(([name]) => name in fields));
}

/** What to tell somebody who asks for a kind that is not there. */
export function unknownKind(kind: unknown): string {
  const known = [...KINDS.keys()].join(', ');
  if (kind === undefined) return `is missing: one of ${known}`;
  return `is not a kind of connection; there are ${known}`;
}

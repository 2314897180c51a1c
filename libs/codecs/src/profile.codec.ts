import type { ProfileEvent } from '@tributary/domain';
import { MalformedRecord, type RecordName, type SchemaBook } from './schema-book.js';

const RECORDS = {
  ProfileChanged: 'tributary.identity.ProfileChanged',
  ProfileMerged: 'tributary.identity.ProfileMerged',
} as const satisfies Record<ProfileEvent['type'], RecordName>;

/** Profile → framed Avro. `schemas/avro/identity` */
export const encodeProfileEvent = (book: SchemaBook, event: ProfileEvent): Buffer => book.encode(RECORDS[event.type], event);

/** Framed Avro → profile. Throws UnknownSchemaId or MalformedRecord. */
export function decodeProfileEvent(book: SchemaBook, framed: Buffer): ProfileEvent {
  const { record, value } = book.decode(framed);
  switch (record) {
    case RECORDS.ProfileChanged:
      return { type: 'ProfileChanged', ...(value as object) } as ProfileEvent;
    case RECORDS.ProfileMerged:
      return { type: 'ProfileMerged', ...(value as object) } as ProfileEvent;
    default:
      throw new MalformedRecord(`${record} is not about a profile`);
  }
}

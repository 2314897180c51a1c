import { allSubjects, MalformedRecord, schemaText, type RecordName, SchemaBook } from '@tributary/codecs';
import { NotRegistered, type Registry } from '@tributary/kafka';

/** Looks up the ids of every record this build writes; throws NotRegistered naming what the deploy step has not registered. */
export async function loadSchemaBook(registry: Registry): Promise<SchemaBook> {
  const book = new SchemaBook();
  const ids = await Promise.all(
    allSubjects().map(async ({ subject, record }) => ({ record, id: await registry.idOf(subject, schemaText(record)) })),
  );
  for (const { record, id } of ids) book.setWriterId(record as RecordName, id);
  return book;
}

/** Learns the schema behind an id met in a record. An id that the registry does not have makes the record unreadable for ever. */
export async function learnSchema(registry: Registry, book: SchemaBook, id: number): Promise<void> {
  if (book.isKnown(id)) return;
  try {
    book.addWriter(id, await registry.schemaOf(id));
  } catch (error) {
    if (error instanceof NotRegistered) throw new MalformedRecord(`schema id ${id} is not in the registry`, { cause: error });
    throw error;
  }
}

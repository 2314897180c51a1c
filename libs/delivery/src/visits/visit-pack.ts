/** A visit in the queue: what it is to become, and its record as it was in the log. */
export interface PackedVisit {
  readonly eventName: string;
  readonly framed: Buffer;
}

const NAME_LENGTH_BYTES = 1;
const RECORD_LENGTH_BYTES = 4;

/** Some visits as one value of a row: per visit the length of its name, the name, the length of its record, the record. */
export function packVisits(visits: readonly PackedVisit[]): Buffer {
  const parts: Buffer[] = [];
  for (const { eventName, framed } of visits) {
    const name = Buffer.from(eventName);
    const lengths = Buffer.allocUnsafe(NAME_LENGTH_BYTES + RECORD_LENGTH_BYTES);
    lengths.writeUInt8(name.length, 0);
    lengths.writeUInt32BE(framed.length, NAME_LENGTH_BYTES);
    parts.push(lengths, name, framed);
  }
  return Buffer.concat(parts);
}

/** Reads what {@link packVisits} wrote. */
export function unpackVisits(packed: Buffer): PackedVisit[] {
  const visits: PackedVisit[] = [];
  for (let at = 0; at < packed.length;) {
    const nameEnd = at + NAME_LENGTH_BYTES + RECORD_LENGTH_BYTES + packed.readUInt8(at);
    const end = nameEnd + packed.readUInt32BE(at + NAME_LENGTH_BYTES);
    const eventName = packed.toString('utf8', at + NAME_LENGTH_BYTES + RECORD_LENGTH_BYTES, nameEnd);
    visits.push({ eventName, framed: packed.subarray(nameEnd, end) });
    at = end;
  }
  return visits;
}

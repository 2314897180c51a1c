import { asSubjectId } from '@tributary/domain';
import { statusObserved } from '../../../test/builders/delivery.builder.js';
import {
  decodeDeliveryEvent,
  decodeStatusNames,
  encodeDeliveryEvent,
  encodeStatusNames,
  FULFILLMENT_DELIVERY_RECORDS,
} from './delivery.codec.js';
import { SchemaBook } from './schema-book.js';

const book = new SchemaBook();
book.setWriterId('tributary.fulfillment.StatusObserved', 1);
book.setWriterId('tributary.fulfillment.StatusObserved.Personal', 2);

const names = { sealedUnder: asSubjectId('subject-1'), sealed: Buffer.from('sealed') };

it.each([
  ['with who brings it', statusObserved(4, { names, withdrawnAt: 1_795_000_000_000 })],
  ['with nothing but a status', statusObserved(5, { statusName: null, trackingId: null, recordedAt: null, isFinal: true })],
])('a status %s comes back from Avro as it was', (_what, event) => {
  const framed = encodeDeliveryEvent(book, FULFILLMENT_DELIVERY_RECORDS, event);
  expect(decodeDeliveryEvent(book, FULFILLMENT_DELIVERY_RECORDS, framed)).toEqual(event);
});

it('who brings it comes back as it was', () => {
  const who = { driverId: '5', driverName: 'Ana Soto', routeId: null, routeName: 'Norte 3' };
  expect(decodeStatusNames(book, encodeStatusNames(book, who))).toEqual(who);
});

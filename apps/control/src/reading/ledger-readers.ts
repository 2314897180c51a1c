import {
  FULFILLMENT_DELIVERY_RECORDS,
  FULFILLMENT_DELIVERY_TOPIC,
  TIKTOK_DELIVERY_RECORDS,
  TIKTOK_DELIVERY_TOPIC,
} from '@tributary/codecs';
import { DESTINATIONS } from '@tributary/destinations';
import { ledgerReader, type LedgerReader } from './ledger-reader.js';
import type { ReadingPorts } from './reading.ports.js';

/** Every ledger by the kind of its destination: one line each. */
export const ledgerReaders = (ports: ReadingPorts): readonly LedgerReader[] => [
  ledgerReader(ports, { app: 'tiktok', deliveryTopic: TIKTOK_DELIVERY_TOPIC, records: TIKTOK_DELIVERY_RECORDS }, DESTINATIONS.tiktok),
  ledgerReader(
    ports,
    { app: 'fulfillment', deliveryTopic: FULFILLMENT_DELIVERY_TOPIC, records: FULFILLMENT_DELIVERY_RECORDS },
    DESTINATIONS.trackingtech,
  ),
];

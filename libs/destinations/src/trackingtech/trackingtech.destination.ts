import type { Destination } from '@tributary/domain';
import { interpretCourierReply } from './answer-classes.js';
import { shipmentLookUp } from './shipment.look-up.js';
import { planShipment } from './shipment.plan.js';
import { goneBy, holdShipment, shipmentRequest } from './shipment.request.js';
import { shipmentStatuses } from './shipment.statuses.js';
import type { TrackingtechSecrets, TrackingtechSettings } from './trackingtech.schema.js';

/**
 * TrackingTech, a courier platform in Chile: one courier order per order of the shop.
 * @see docs/trackingtech-contract.md
 */
export const trackingtechDestination: Destination<TrackingtechSettings, TrackingtechSecrets> = {
  kind: 'trackingtech',
  declaration: {
    /** Nobody promises for how long a repeat is recognised. */
    repeatWindowMs: null,
    matchesPeople: false,
    maxIntentsPerRequest: 1,
    maxRequestBytes: 1_000_000,
    orderLingerMs: 0,
    requestTimeoutMs: 10_000,
    /** No limit is documented: as many as one person could type in. */
    requestsPerSecond: 5,
    maxAttempts: 12,
    absencesBeforeRepeat: 2,
  },
  /** A courier must know whom to ring. */
  sendsPersonalDataInClear: true,
  correctable: ['address-incomplete', 'person-erased'],
  plan: planShipment,
  expiryOf: () => null,
  isConnected: ({ storeId, customerId }, { token }) => storeId !== null && customerId !== null && token !== undefined,
  holdBack: holdShipment,
  withdrawnBy: goneBy,
  lookUp: shipmentLookUp,
  statuses: shipmentStatuses,
  batchKey: () => 'live',
  toRequest: (intents, _mode, settings, secrets, baseUrl) => shipmentRequest(intents, settings, secrets, baseUrl),
  interpret: interpretCourierReply,
};

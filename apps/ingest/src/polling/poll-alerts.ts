import type { AlertKind, AlertToOpen } from '@tributary/domain';
import type { CatalogFinding, CatalogSweep, Finding, OwnSweep, PollFailure, PollFailureKind, UnreadableItem } from '@tributary/sources';
import type { ShopId } from '@tributary/stream';

/** Turns in a row that fail before a person is told; what heals by itself mostly has by then. */
export const FAILURES_UNTIL_ALERT = 3;

/** Alerts that a turn without a failure closes. */
export const FAILURE_ALERTS = ['shop-unreachable', 'shop-refuses-keys', 'shop-answers-unusable'] as const;

type Words = Pick<AlertToOpen, 'kind' | 'todo'> & { readonly what: (detail: string) => string };

const UNREACHABLE: Omit<Words, 'what'> = {
  kind: 'shop-unreachable',
  todo: 'Open the shop’s address from another network; ask its host whether it blocks this installation. Polling goes on, more and more slowly, and catches up by itself.',
};

const FAILURES: Readonly<Record<PollFailureKind, Words>> = {
  timeout: { ...UNREACHABLE, what: () => 'The shop does not answer in time.' },
  unreachable: { ...UNREACHABLE, what: (detail) => `The shop cannot be reached (${detail}).` },
  'shop-error': { ...UNREACHABLE, what: (detail) => `The shop answers with an error of its own (${detail}).` },
  throttled: { ...UNREACHABLE, what: (detail) => `The shop asks for fewer requests (${detail}).` },
  'too-large': {
    kind: 'shop-answers-unusable',
    what: (detail) => `A page of orders is too large (${detail}).`,
    todo: 'A plugin puts very much into each order: find out which, and leave its fields out of the REST answers.',
  },
  'private-address': {
    kind: 'shop-unreachable',
    what: (detail) => `The shop is not asked: ${detail}.`,
    todo: 'Correct storeUrl. For a shop in a private network set ALLOW_PRIVATE_STORE_HOSTS.',
  },
  'redirected-elsewhere': {
    kind: 'shop-unreachable',
    what: (detail) => `The shop’s address leads elsewhere: ${detail}. Keys are sent to the connection’s own address only.`,
    todo: 'Put the address that it redirects to into storeUrl.',
  },
  'refuses-keys': {
    kind: 'shop-refuses-keys',
    what: (detail) => `The shop refuses the REST keys (${detail}).`,
    todo: 'Make new keys under WooCommerce, Settings, Advanced, REST API (read is enough), for a user who may see orders, and apply them. If keys are right: the host may strip the Authorization header, or the shop may not know that it is behind HTTPS.',
  },
  unusable: {
    kind: 'shop-answers-unusable',
    what: (detail) => `The shop’s answers cannot be used (${detail}).`,
    todo: 'A firewall, a login page or a cache may stand before /wp-json. Let this installation through.',
  },
  cached: {
    kind: 'shop-answers-unusable',
    what: () => 'The shop’s REST answers come from a cache, so they do not show the orders as they are.',
    todo: 'Leave /wp-json/ out of the cache (plugin, host or CDN).',
  },
  'no-rest-api': {
    kind: 'shop-answers-unusable',
    what: (detail) => `The shop has no REST API at its address (${detail}).`,
    todo: 'Check storeUrl, and choose anything but “Plain” under Settings, Permalinks.',
  },
  'clock-went-back': {
    kind: 'shop-answers-unusable',
    what: (detail) => `The shop’s clock went back ${detail}.`,
    todo: 'Nothing, if its clock was corrected: the shop is read again as a whole. If this stays, its REST answers come from a cache.',
  },
  unsettled: {
    kind: 'shop-answers-unusable',
    what: (detail) => `The shop’s lists do not hold still (${detail}).`,
    todo: 'Nothing, if a mass edit is running. If this stays, a plugin hides orders from lists that it counts.',
  },
};

/** What to tell a person about a failure that keeps coming. */
export function failureAlert({ tenantId, connectionId }: ShopId, { kind, detail }: PollFailure): AlertToOpen {
  const { what, todo, kind: alert } = FAILURES[kind];
  return { tenantId, connectionId, kind: alert, what: what(detail), todo };
}

/** An alert that a finding opens, or a kind that it closes. */
export type AlertChange = { readonly open: AlertToOpen } | { readonly close: AlertKind };

/** What a finding means for the list of alerts; null: nothing. */
export function findingAlert({ tenantId, connectionId }: ShopId, finding: Finding): AlertChange | null {
  const open = (kind: AlertKind, what: string, todo: string): AlertChange => ({ open: { tenantId, connectionId, kind, what, todo } });
  switch (finding.kind) {
    case 'modified-filter':
      if (finding.isHeeded) return { close: 'shop-too-old' };
      return open(
        'shop-too-old',
        'The shop’s WooCommerce ignores modified_after (before 5.8): edits of orders older than two days are seen within an hour, not at once.',
        'Update WooCommerce.',
      );
    case 'sweep-ended':
      return { close: 'shop-sweep-fails' };
    case 'sweep-failed':
      return open(
        'shop-sweep-fails',
        `Reading the shop’s orders again (${finding.sweep}) failed three times (${finding.failure.kind}: ${finding.failure.detail}). New changes still come in.`,
        'It is tried again every hour. One broken order can be enough: look for an error in the shop’s log at these times.',
      );
    case 'counts': {
      if (finding.gaps.length === 0) return { close: 'shop-counts-differ' };
      const gaps = finding.gaps.map(({ status, theirs, ours }) => `${status}: the shop ${theirs}, we ${ours}`).join('; ');
      return open(
        'shop-counts-differ',
        `The shop counts its orders differently from what we know, twice in a row (${gaps}).`,
        'A plugin may hide orders from the user whose keys these are, or count something else as orders. Compare the list in WooCommerce with what is known here.',
      );
    }
    case 'history-changed':
      return null;
  }
}

const READ: Readonly<Record<OwnSweep, string>> = {
  'weight-unit': 'the unit of weights (settings)',
  'product-changes': 'changed products',
  'coupon-changes': 'changed coupons',
  products: 'products',
  coupons: 'coupons',
  customers: 'customers',
};

const isOwn = (sweep: CatalogSweep): sweep is OwnSweep => Object.hasOwn(READ, sweep);
const nameOf = (sweep: CatalogSweep): string => (isOwn(sweep) ? READ[sweep] : sweep.replace('custom:', ''));

/** What a finding about the catalog means for the list of alerts. */
export function catalogFindingAlert({ tenantId, connectionId }: ShopId, finding: CatalogFinding): AlertChange {
  if (finding.kind === 'all-well') return { close: 'shop-catalog-fails' };
  const { kind, detail } = finding.failure;
  const what = `The shop’s catalog cannot be read (${nameOf(finding.sweep)}: ${kind}, ${detail}). Orders are not affected; weights may be missing.`;
  const todo =
    'It is tried again every hour. If the keys are refused: their user may see orders but not this; make keys for a user who may (shop manager).';
  return { open: { tenantId, connectionId, kind: 'shop-catalog-fails', what, todo } };
}

/** A product, coupon or customer that is none. */
export const unreadableItemAlert = ({ tenantId, connectionId }: ShopId, { resource, refusal }: UnreadableItem): AlertToOpen => ({
  tenantId,
  connectionId,
  kind: 'catalog-unreadable',
  what: `A ${resource} that the shop showed could not be read (${refusal.reason}: ${refusal.detail}).`,
  todo: 'See it under /v1/tenants/{tenant}/rejected. A plugin may have changed its format.',
});

/** Webhooks that are made and kept in order in every shop whose keys may write. One webhook, address and secret for each. */
export const MANAGED_TOPICS: readonly string[] = ['order.created', 'order.updated', 'order.deleted', 'order.restored'];

import { asConnectionId, asTenantId } from '@tributary/domain';
import type { UnsealedFact } from './fact-sealer.js';
import { FactAppender } from './fact-appender.js';

const factOf = (tenant: string, orderId: number): UnsealedFact => ({
  kind: 'deletion',
  envelope: {
    eventId: `${tenant}-${orderId}`,
    tenantId: asTenantId(tenant),
    connectionId: asConnectionId('shop'),
    occurredAt: 0,
    receivedAt: 0,
    source: 'webhook',
  },
  orderId: String(orderId),
});

/** Seals without a pause, as for people whom the vault has in memory. */
const atOnce = { seal: (facts: readonly UnsealedFact[]) => Promise.resolve(facts.map(() => [])) };
const durable = { append: () => Promise.resolve() };

it('lets a tenant who comes while another one brings a thousand have its turn', async () => {
  const appender = new FactAppender(atOnce, durable);
  const done: string[] = [];
  const append = (tenant: string, orderId: number): Promise<void> =>
    appender.append(factOf(tenant, orderId)).then(() => void done.push(tenant));
  const loud = Array.from({ length: 1_000 }, (_, index) => append('loud', index));
  const quiet = new Promise<void>((resolve, reject) => {
    // As a request does that is read in the next turn of the event loop.
    setImmediate(() => void append('quiet', 1).then(resolve, reject));
  });
  await Promise.all([...loud, quiet]);
  expect(done.indexOf('quiet')).toBeLessThan(200);
  expect(done).toHaveLength(1_001);
});

it('fails nobody for another one whom the vault refuses', async () => {
  const isRefused = (fact: UnsealedFact): boolean => fact.kind === 'deletion' && fact.orderId === '7';
  const picky = {
    seal: (facts: readonly UnsealedFact[]) => (facts.some(isRefused) ? Promise.reject(new Error('refused')) : atOnce.seal(facts)),
  };
  const appender = new FactAppender(picky, durable);
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => appender.append(factOf('acme', index))));
  expect(results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([7]);
});

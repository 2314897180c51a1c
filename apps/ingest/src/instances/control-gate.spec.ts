import type { VendorReply, VendorRequest } from '@tributary/domain';
import { createLog } from '@tributary/telemetry';
import { ControlGate } from './control-gate.js';

const gate = (reply: VendorReply, asked: VendorRequest[] = []): ControlGate =>
  new ControlGate(
    {
      send: (request) => {
        asked.push(request);
        return Promise.resolve(reply);
      },
      close: () => Promise.resolve(),
    },
    'http://control.example',
    createLog('ingest', 'silent'),
  );
const KEYS = 'User u, Organization o';

it('hands a request on with the caller’s own keys and nothing else', async () => {
  const asked: VendorRequest[] = [];
  const answered = {
    kind: 'answered',
    status: 400,
    body: '{"title":"x"}',
    headers: { 'content-type': 'application/problem+json' },
  } as const;
  const answer = await gate(answered, asked).ask('POST', '/instances', KEYS, '{}');
  expect(asked).toEqual([
    {
      method: 'POST',
      url: 'http://control.example/instances',
      headers: { authorization: KEYS, 'content-type': 'application/json' },
      body: '{}',
    },
  ]);
  expect(answer).toEqual({ status: 400, contentType: 'application/problem+json', body: '{"title":"x"}' });
});

it('says 503 while control does not answer', async () => {
  for (const reply of [
    { kind: 'not-sent', cause: 'ECONNREFUSED' },
    { kind: 'no-answer', cause: 'timeout' },
  ] as const)
    expect(await gate(reply).ask('GET', '/instances/7', KEYS)).toMatchObject({ status: 503, contentType: 'application/problem+json' });
});

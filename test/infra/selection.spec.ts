import { selectBackend, type SelectionProbes } from '../../tools/bootstrap/selection.mts';

const addresses = { KAFKA_BROKERS: 'kafka:9092', SCHEMA_REGISTRY_URL: 'http://registry:8080', DATABASE_URL: 'postgres://db/tributary' };

const notAsked = async (): Promise<never> => {
  throw new Error('this probe was not to be asked');
};
const machine = (probes: Partial<SelectionProbes>): SelectionProbes => ({
  missingForContainers: notAsked,
  missingForProcesses: notAsked,
  ...probes,
});
const hasAll = async () => [];
const lacks = (thing: string) => async () => [thing];

describe('selectBackend on auto', () => {
  it('takes the given addresses without looking at the machine', async () => {
    expect(await selectBackend(addresses, machine({}))).toMatchObject({ backend: 'external' });
  });

  it('refuses when only some addresses are given', async () => {
    await expect(selectBackend({ DATABASE_URL: 'postgres://db' }, machine({}))).rejects.toThrow(
      'DATABASE_URL set without KAFKA_BROKERS, SCHEMA_REGISTRY_URL',
    );
  });

  it('prefers containers and then asks no further', async () => {
    expect(await selectBackend({}, machine({ missingForContainers: hasAll }))).toMatchObject({ backend: 'containers' });
  });

  it('falls back to processes and says why', async () => {
    const selection = await selectBackend(
      { TEST_BACKEND: 'auto' },
      machine({ missingForContainers: lacks('an engine'), missingForProcesses: hasAll }),
    );
    expect(selection).toEqual({ backend: 'processes', reason: 'no containers; missing: an engine' });
  });

  it('names everything that is missing in one message', async () => {
    const nothing = machine({ missingForContainers: lacks('an engine'), missingForProcesses: lacks('Java 17') });
    await expect(selectBackend({}, nothing)).rejects.toThrow(/Java 17[^]*an engine[^]*KAFKA_BROKERS/);
  });
});

describe('selectBackend with TEST_BACKEND', () => {
  it.each(['containers', 'processes'] as const)('takes %s when nothing is missing, whatever addresses are set', async (backend) => {
    const probes = machine({ missingForContainers: hasAll, missingForProcesses: hasAll });
    expect(await selectBackend({ ...addresses, TEST_BACKEND: backend }, probes)).toEqual({ backend, reason: `TEST_BACKEND=${backend}` });
  });

  it.each(['containers', 'processes'] as const)('refuses %s when something is missing, without falling back', async (backend) => {
    const probes = machine({ missingForContainers: lacks('a thing'), missingForProcesses: lacks('a thing') });
    await expect(selectBackend({ TEST_BACKEND: backend }, probes)).rejects.toThrow(
      `TEST_BACKEND=${backend} is impossible here. Missing:\n- a thing`,
    );
  });

  it('refuses external without addresses and names them', async () => {
    const { DATABASE_URL: _, ...others } = addresses;
    await expect(selectBackend({ ...others, TEST_BACKEND: 'external' }, machine({}))).rejects.toThrow('needs DATABASE_URL');
  });

  it('refuses an unknown name and lists the known ones', async () => {
    await expect(selectBackend({ TEST_BACKEND: 'podman' }, machine({}))).rejects.toThrow('external, containers, processes or auto');
  });
});

describe('selectBackend for a home that has data', () => {
  it.each(['containers', 'processes'] as const)('goes on with %s on auto, without asking for the other', async (backend) => {
    const probe = backend === 'containers' ? 'missingForContainers' : 'missingForProcesses';
    expect(await selectBackend({}, machine({ [probe]: hasAll }), backend)).toEqual({
      backend,
      reason: 'as the data of the start before was made',
    });
  });

  it('refuses to begin with empty data in silence when that way is gone', async () => {
    const noEngine = machine({ missingForContainers: lacks('an engine'), missingForProcesses: hasAll });
    await expect(selectBackend({}, noEngine, 'containers')).rejects.toThrow(/ran as containers[^]*an engine[^]*TEST_BACKEND=processes/);
  });

  it('changes over when told to, and says so', async () => {
    const { backend, reason } = await selectBackend({ TEST_BACKEND: 'processes' }, machine({ missingForProcesses: hasAll }), 'containers');
    expect(backend).toBe('processes');
    expect(reason).toContain('made by containers, stays aside');
  });

  it('still takes given addresses first', async () => {
    expect(await selectBackend(addresses, machine({}), 'containers')).toMatchObject({ backend: 'external' });
  });
});

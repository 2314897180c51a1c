/** A connection's secrets as the vault keeps them: every value as JSON text, so that lists stay lists. */
export const writeSecretValues = (secrets: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(secrets)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, JSON.stringify(value)]),
  );

/** Reads what {@link writeSecretValues} wrote; no secrets at all read as an empty object. */
export const readSecretValues = (values: Readonly<Record<string, string>> | null): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, JSON.parse(value) as unknown]));

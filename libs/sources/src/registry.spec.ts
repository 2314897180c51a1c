import { readdirSync } from 'node:fs';
import { SOURCES } from './registry.js';

const folders = readdirSync(__dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

describe('the registry of sources', () => {
  it('holds every folder and nothing else', () => {
    expect(folders.length).toBeGreaterThan(0);
    expect(Object.keys(SOURCES).toSorted()).toEqual(folders.toSorted());
  });

  it.each(Object.entries(SOURCES))('calls %s by its own kind', (name, source) => {
    expect(source.kind).toBe(name);
  });
});

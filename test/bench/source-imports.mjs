// Node runs TypeScript as it is; this says where `@tributary/<lib>` and `./file.js` of the sources are.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const libs = new URL('../../libs/', import.meta.url);

const sourceOf = (specifier, parent) => {
  const lib = /^@tributary\/([a-z-]+)$/.exec(specifier);
  if (lib !== null) return new URL(`${lib[1]}/src/index.ts`, libs).href;
  if (!/^\.{1,2}\/.*\.js$/.test(specifier) || parent === undefined) return specifier;
  const source = new URL(specifier.replace(/\.js$/, '.ts'), parent);
  return existsSync(fileURLToPath(source)) ? source.href : specifier;
};

registerHooks({ resolve: (specifier, context, next) => next(sourceOf(specifier, context.parentURL), context) });

/**
 * How plain Node loads the simulation: types are stripped, chance of the crypto adapters comes from the seed, and a
 * module that is asked for with `?planted=<name>` is loaded anew, with all that it imports, with that bug in its text.
 */
import * as crypto from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const SEEDED_CRYPTO = 'sottovoce:seeded-crypto';
const SRC = new URL('../../src/', import.meta.url).href;
const jsc = {
  target: 'es2022',
  keepClassNames: true,
  parser: { syntax: 'typescript', decorators: true },
  transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
};

/** Set by the command: name of a planted bug to its patches. */
export const planted = new Map();
const transformed = new Map();

/** Nonces come from a pool that outlives a world: they are all the same one, so that no world depends on the one before. */
const seededCrypto = `import * as crypto from 'node:crypto';
export const { ${Object.keys(crypto)
  .filter((name) => !['default', 'randomBytes', 'randomFillSync'].includes(name))
  .join(', ')} } = crypto;
export const randomBytes = (size) => globalThis[Symbol.for('sottovoce.simulation.bytes')](size);
export const randomFillSync = (bytes) => bytes.fill(7);
`;

function patched(url, text, patches) {
  const path = url.slice(SRC.length);
  let result = text;
  for (const { file, find, put } of patches) {
    if (file !== path) continue;
    const parts = result.split(find);
    if (parts.length !== 2) throw new Error(`${file} holds this text ${parts.length - 1} times, not once: ${find}`);
    result = parts.join(put);
  }
  return result;
}

function transform(filename, text) {
  return transformSync(text, { filename, swcrc: false, jsc, module: { type: 'es6' } }).code;
}

registerHooks({
  resolve(specifier, context, next) {
    const parent = context.parentURL;
    if (specifier === 'node:crypto' && parent?.startsWith(SRC)) {
      return { url: SEEDED_CRYPTO, format: 'module', shortCircuit: true };
    }
    if (specifier.startsWith('.') && /\.js(?:\?.*)?$/.test(specifier)) {
      const source = new URL(specifier.replace(/\.js(?=\?|$)/, '.ts'), parent);
      if (source.search === '' && parent !== undefined) source.search = new URL(parent).search;
      if (existsSync(fileURLToPath(source))) return { url: source.href, format: 'module', shortCircuit: true };
    }
    return next(specifier, context);
  },
  load(url, context, next) {
    if (url === SEEDED_CRYPTO) return { source: seededCrypto, format: 'module', shortCircuit: true };
    const { pathname, searchParams } = new URL(url);
    if (!pathname.endsWith('.ts')) return next(url, context);
    const bare = url.split('?')[0];
    const filename = fileURLToPath(bare);
    const patches = planted.get(searchParams.get('planted')) ?? [];
    const isPatched = patches.some(({ file }) => `${SRC}${file}` === bare);
    if (!isPatched && !transformed.has(bare)) transformed.set(bare, transform(filename, readFileSync(filename, 'utf8')));
    const source = isPatched
      ? transform(filename, patched(bare, readFileSync(filename, 'utf8'), patches))
      : transformed.get(bare);
    return { source, format: 'module', shortCircuit: true };
  },
});

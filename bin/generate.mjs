// Writes the generated documents into the repository. Run by `npm run generate`, after a build, on Node 24.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { references } from '../dist/references.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
for (const [path, content] of await references()) {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
  console.log(`Wrote ${path}`);
}

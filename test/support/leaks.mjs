/** Looks for texts in files in every shape in which a careless program would leave them there. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Of base64 only what does not depend on the neighbours; at three offsets one of them always fits. */
function base64At(bytes, offset) {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const first = Math.ceil((offset * 8) / 6);
  const end = Math.floor(((offset + bytes.length) * 8) / 6);
  return text.slice(first, end);
}

export function shapesOf(text) {
  const bytes = Buffer.from(text, 'utf8');
  const encoded = [0, 1, 2].flatMap((offset) => {
    const standard = base64At(bytes, offset);
    const safe = standard.replaceAll('+', '-').replaceAll('/', '_');
    return [`base64 at ${offset}`, standard, `base64url at ${offset}`, safe];
  });
  const shapes = [
    ['UTF-8', bytes],
    ['UTF-16', Buffer.from(text, 'utf16le')],
    ['hex', Buffer.from(bytes.toString('hex'), 'latin1')],
    ['JSON escapes', Buffer.from(escaped(text), 'latin1')],
  ];
  for (let index = 0; index < encoded.length; index += 2)
    shapes.push([encoded[index], Buffer.from(encoded[index + 1], 'latin1')]);
  const unique = new Map();
  for (const [name, shape] of shapes)
    if (!unique.has(shape.toString('latin1'))) unique.set(shape.toString('latin1'), [name, shape]);
  return [...unique.values()];
}

const escaped = (text) => text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

export function filesUnder(path) {
  const found = statSync(path);
  // The socket file of a server that was killed holds nothing.
  if (found.isSocket()) return [];
  if (!found.isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesUnder(join(path, name)));
}

/** One line for each text that was found in a file, and as what. */
export function leaksIn(files, texts) {
  const wanted = texts.flatMap((text) => shapesOf(text).map(([shape, bytes]) => ({ text, shape, bytes })));
  return files.flatMap((file) => {
    const content = readFileSync(file);
    return wanted
      .filter(({ bytes }) => content.includes(bytes))
      .map(({ text, shape }) => `${file} holds ${JSON.stringify(text)} as ${shape}`);
  });
}

/**
 * The AsyncAPI document as the page at /docs/socket takes it: parsed already, in the parser's own written form, so that
 * the page needs no parser and with it no `eval`. A test holds it against what the parser itself makes of the document.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { asyncApi } from './async-api.js';

type Json = Record<string, unknown>;

const ID = 'x-parser-unique-object-id';

export function parsedAsyncApi(): object {
  const { channels, operations, components, ...rest } = asyncApi() as Record<string, Record<string, Json>>;
  const messages = components?.messages as Record<string, Json>;
  const channel = channels?.socket as Json;
  return {
    ...rest,
    channels: { socket: { ...channel, messages: withIds(messages), [ID]: 'socket' } },
    operations: pointing(withIds(operations ?? {})),
    components: { messages: mapped(messages, (_message, name) => `$ref:$.channels.socket.messages.${name}`) },
    'x-parser-spec-parsed': true,
    'x-parser-api-version': 3,
    'x-parser-spec-stringified': true,
  };
}

const mapped = <Value, Mapped>(of: Readonly<Record<string, Value>>, map: (value: Value, name: string) => Mapped) =>
  Object.fromEntries(Object.entries(of).map(([name, value]) => [name, map(value, name)]));

const withIds = (of: Readonly<Record<string, Json>>): Record<string, Json> =>
  mapped(of, (value, name) => ({ ...value, [ID]: name }));

/** A reference as the parser writes one down: `#/a/b` is `$ref:$.a.b`. */
function pointing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointing);
  if (typeof value !== 'object' || value === null) return value;
  const { $ref } = value as { $ref?: string };
  if ($ref !== undefined) return $ref.replace('#/', '$ref:$.').replaceAll('/', '.');
  return mapped(value as Json, pointing);
}

export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sottovoce: the socket</title>
<link rel="stylesheet" href="/docs/socket/style.css">
</head>
<body>
<main id="page"></main>
<script src="/docs/socket/asyncapi.js"></script>
<script src="/docs/socket/show.js"></script>
</body>
</html>
`;

export const SHOW = `fetch('/docs/socket/document.json')
  .then((answer) => answer.json())
  .then((schema) => {
    const config = { show: { sidebar: true, errors: true } };
    AsyncApiStandalone.render({ schema, config }, document.getElementById('page'));
  });
`;

/** Files of the page as they lie in the package, and under which name the build puts them beside the program. */
const FILES = {
  'asyncapi.js': 'browser/standalone/without-parser.js',
  'style.css': 'styles/default.min.css',
} as const;

/** `undefined` in an installation that has neither the build's copy nor the package. */
export function pageFile(name: keyof typeof FILES): string | undefined {
  const places = [`../../socket-page/${name}`, `../../../node_modules/@asyncapi/react-component/${FILES[name]}`];
  return places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
}

/** Goal: what is generated says what the code says, and other people's tools can read it. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { commandData } from '../../src/adapters/websocket/frames.js';
import { factData } from '../../src/adapters/websocket/server-frames.js';
import { useCases } from '../../src/application/use-cases.js';
import { factNames, SNAPSHOT } from '../../src/projections/facts.js';
import { references } from '../../src/references.js';
import { textOf } from './source-files.js';

interface Answered {
  readonly headers?: object;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly responses: Readonly<Record<string, Answered>>;
  readonly security?: readonly unknown[];
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly oneOf?: unknown; readonly additionalProperties?: unknown }>>;
  };
}

let generated: ReadonlyMap<string, string>;
beforeAll(async () => {
  generated = await references();
}, 60_000);

const openApi = (): OpenApi => JSON.parse(generated.get('docs/reference/openapi.json') ?? '');
const operations = (): Operation[] => Object.values(openApi().paths).flatMap((path) => Object.values(path));
/** The schemas that a part refers to, and those that they do. */
const namesIn = (part: unknown): string[] =>
  [...JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)].flatMap(([, name]) => [
    name as string,
    ...namesIn(openApi().components.schemas[name as string]),
  ]);
const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

describe('generated documents', () => {
  it('are committed as the code generates them: otherwise run `npm run generate`', () => {
    const stale = [...generated].filter(([path, content]) => textOf(path) !== content).map(([path]) => path);
    expect(stale).toEqual([]);
  });

  it('describe every use case as an operation under its own name', () => {
    expect(openApi().openapi).toBe('3.1.0');
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(useCases).filter((name) => !ids.includes(name))).toEqual([]);
  });

  it('name a frame after the use case that it runs', () => {
    const names = Object.keys(useCases).map(kebab);
    const others = Object.keys(commandData).filter((type) => !names.includes(type));
    // `hello` opens a session, the other two change it; `received` is what confirms receipt.
    expect(others).toEqual(['hello', 'received', 'set-background', 'authenticate']);
  });

  it('have a schema for every public fact', () => {
    expect(Object.keys(factData).sort()).toEqual([...new Set<string>([...Object.values(factNames), SNAPSHOT])].sort());
  });

  it('open no route without sign-in but those that nobody can have signed in for', () => {
    const open = operations().filter(({ security }) => security === undefined);
    expect(open.map(({ operationId }) => operationId).sort()).toEqual([
      'completeVerification',
      'getServer',
      'refreshSession',
      'startVerification',
    ]);
  });

  const takes = ({ parameters = [] }: Operation, header: string) =>
    parameters.some(({ in: where, name }) => where === 'header' && name === header);
  const gives = ({ responses }: Operation, header: string) =>
    Object.values(responses).some(({ headers = {} }) => Object.keys(headers).includes(header));
  const idsOf = (some: readonly Operation[]) => some.map(({ operationId }) => operationId).sort();

  it('have every read of views take a minimum position, and every write answer its position', () => {
    const signedIn = (verb: string) => Object.values(openApi().paths).flatMap(({ [verb]: operation }) => operation ?? []);
    const reads = signedIn('get').filter(({ operationId, security }) => security !== undefined && operationId !== 'asyncApi');
    expect(idsOf(reads.filter((operation) => !takes(operation, 'Sottovoce-Min-Position')))).toEqual([]);
    const others = ['post', 'put', 'delete'].flatMap(signedIn).filter((operation) => !gives(operation, 'Sottovoce-Position'));
    expect(idsOf(others)).toEqual(['findAccount', 'issueSocketTicket', 'refreshSession', 'startVerification']);
  });

  it('say of every version how it is read and what takes it', () => {
    expect(idsOf(operations().filter((operation) => '304' in operation.responses))).toEqual(
      idsOf(operations().filter((operation) => takes(operation, 'If-None-Match') && gives(operation, 'ETag'))),
    );
    expect(idsOf(operations().filter((operation) => '412' in operation.responses))).toEqual(
      idsOf(operations().filter((operation) => takes(operation, 'If-Match'))),
    );
  });

  it('let a key be chosen for every request that acts and whose client chooses no id', () => {
    const posts = Object.values(openApi().paths).flatMap(({ post }) => post ?? []);
    const [keyed, others] = [true, false].map((is) => idsOf(posts.filter((post) => takes(post, 'Idempotency-Key') === is)));
    expect(keyed).toEqual(['addMember', 'confirmReceived', 'createDirect', 'leaveConversation', 'startVerification']);
    const ownId = ['createGroup', 'sendMessage'];
    const handsOutSecrets = ['completeVerification', 'issueSocketTicket', 'refreshSession'];
    expect(others).toEqual([...ownId, ...handsOutSecrets, 'findAccount'].sort());
    for (const post of posts) expect('422' in post.responses).toBe(takes(post, 'Idempotency-Key'));
  });

  it('refer only to schemas that are there', () => {
    const text = generated.get('docs/reference/openapi.json') ?? '';
    const names = [...text.matchAll(/"#\/components\/schemas\/([^"]*)"/g)].map(([, name]) => name as string);
    expect(names.length).toBeGreaterThan(100);
    expect(names.filter((name) => !Object.hasOwn(openApi().components.schemas, name))).toEqual([]);
  });

  it('close every schema of a request and none of an answer', () => {
    const { schemas } = openApi().components;
    const bodies = namesIn(operations().map((operation) => (operation as { readonly requestBody?: object }).requestBody ?? {}));
    const answers = namesIn(operations().map(({ responses }) => responses));
    expect(bodies.length).toBeGreaterThan(10);
    const isOpen = (name: string) => schemas[name]?.additionalProperties !== false && schemas[name]?.oneOf === undefined;
    expect(bodies.filter(isOpen)).toEqual([]);
    expect(answers.filter((name) => schemas[name]?.additionalProperties === false)).toEqual([]);
  });

  it('use no union in an answer, so that generated clients survive what they do not know', () => {
    const unions = Object.entries(openApi().components.schemas).filter(([, schema]) => schema.oneOf !== undefined);
    const answers = namesIn(operations().map(({ responses }) => responses));
    expect(unions.filter(([name]) => answers.includes(name))).toEqual([]);
    expect(unions.map(([name]) => name)).toEqual(['NewContent']);
  });

  it('name the same fields of each content at both doors', () => {
    const { schemas } = openApi().components as unknown as {
      readonly schemas: Readonly<Record<string, { readonly properties: object; readonly required: readonly string[] }>>;
    };
    const ofRest = [schemas.NewText, schemas.NewEncrypted].map((schema) => [
      Object.keys(schema?.properties ?? {}).sort(),
      [...(schema?.required ?? [])].sort(),
    ]);
    const ofSocket = commandData['send-message'].shape.content.options.map(({ shape }) => [
      Object.keys(shape).sort(),
      Object.entries(shape)
        .flatMap(([name, field]) => (field.safeParse(undefined).success ? [] : [name]))
        .sort(),
    ]);
    expect(ofRest).toEqual(ofSocket);
  });

  it('can be read by the AsyncAPI parser without a warning', async () => {
    const { Parser } = await import('@asyncapi/parser');
    const { document, diagnostics } = await new Parser().parse(generated.get('docs/reference/asyncapi.json') ?? '');
    expect(document).toBeDefined();
    expect(
      diagnostics.filter(({ severity }) => severity <= 1).map(({ message, path }) => `${path.join('.')}: ${message}`),
    ).toEqual([]);
  });
});

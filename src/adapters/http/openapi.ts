/** The OpenAPI document, from the types and decorators that the routes use, and the page that shows it. */
import type { INestApplication } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { problems } from '../nest/problems.js';
import { version } from '../nest/version.js';
import { NewContent } from './message.dto.js';
import { Problem } from './problem.dto.js';

type SchemaObject = Exclude<NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string], { readonly $ref: string }>;

interface Operation {
  readonly parameters?: readonly { readonly in: string; schema?: object }[];
  readonly requestBody?: object;
  readonly responses: Record<string, { readonly description: string; readonly content?: object; headers?: object }>;
}

export function buildOpenApi(app: INestApplication): OpenAPIObject {
  const description =
    'Sottovoce stores and delivers messages. Requests are closed: an unknown field is refused. Answers are open: ignore what you ' +
    'do not know. Instants are RFC 3339 in UTC with milliseconds. What is not set is absent; null is never sent or taken. The socket ' +
    'is described at /docs/socket.';
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Sottovoce')
    .setDescription(description)
    .setVersion(version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .build();
  const document = SwaggerModule.createDocument(app, config, { extraModels: [Problem] });
  return describeLimits(describeSizes(describeIds(describeContents(closeRequests(document)))));
}

const operationsIn = ({ paths }: OpenAPIObject): readonly Operation[] =>
  Object.values(paths).flatMap((path) => Object.values(path as Record<string, Operation>));

/** What a request may hold is said to be all that it may hold. Answers stay open. */
function closeRequests(document: OpenAPIObject): OpenAPIObject {
  const schemas = document.components?.schemas ?? {};
  const toClose = namesIn(operationsIn(document).map(({ requestBody }) => requestBody));
  for (const name of toClose) {
    const schema = schemas[name] as { additionalProperties?: boolean };
    schema.additionalProperties = false;
    for (const inner of namesIn(schema)) toClose.add(inner);
  }
  return document;
}

/** Which fields belong to which kind of content: one class checks them all, and a schema can say it. */
function describeContents(document: OpenAPIObject): OpenAPIObject {
  const schemas = document.components?.schemas ?? {};
  const { properties = {} } = schemas[NewContent.name] as SchemaObject;
  const kind = (type: string, required: readonly string[], optional: readonly string[]): SchemaObject => ({
    type: 'object',
    properties: {
      type: { type: 'string', enum: [type] },
      ...Object.fromEntries([...required, ...optional].map((name) => [name, properties[name]!])),
    },
    required: ['type', ...required],
    additionalProperties: false,
  });
  const kinds = {
    NewText: kind('text', ['text'], []),
    NewEncrypted: kind('encrypted', ['scheme', 'ciphertext'], ['epoch', 'header']),
  };
  const references = Object.keys(kinds).map((name) => ({ $ref: `#/components/schemas/${name}` }));
  Object.assign(schemas, kinds, { [NewContent.name]: { oneOf: references } });
  return document;
}

/** What stands in a path is an id: see `IdParam`. */
function describeIds(document: OpenAPIObject): OpenAPIObject {
  for (const { parameters = [] } of operationsIn(document)) {
    for (const parameter of parameters) if (parameter.in === 'path') parameter.schema = { type: 'string', format: 'uuid' };
  }
  return document;
}

/** A head or a body may be too large, and a body of another kind. */
function describeSizes(document: OpenAPIObject): OpenAPIObject {
  for (const { requestBody, responses } of operationsIn(document)) {
    const ofBodies = requestBody === undefined ? [] : (['unsupported-media-type'] as const);
    for (const code of ['request-too-large', ...ofBodies] as const) {
      const { status } = problems[code];
      const described = responses[status]?.description;
      const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
      responses[status] = { description: described === undefined ? code : `${described}, ${code}`, content };
    }
  }
  return document;
}

/** Every operation is limited, and says on each answer what is left. */
function describeLimits(document: OpenAPIObject): OpenAPIObject {
  const components = document.components ?? {};
  document.components = { ...components, headers: { ...components.headers, ...limitHeaderObjects } };
  const refer = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
  const onAll = refer(Object.keys(limitHeaderObjects).filter((name) => name !== RETRY_AFTER));
  const { status: tooMany } = problems['too-many-requests'];
  for (const { responses } of operationsIn(document)) {
    const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
    responses[tooMany] ??= { description: 'too-many-requests', content };
    for (const [status, response] of Object.entries(responses)) {
      const mayComeAgain = [tooMany, problems.unavailable.status].includes(Number(status) as 429 | 503);
      response.headers = { ...response.headers, ...onAll, ...(mayComeAgain ? refer([RETRY_AFTER]) : {}) };
    }
  }
  return document;
}

const RETRY_AFTER = 'Retry-After';
const text = (description: string) => ({ description, schema: { type: 'string' as const } });
const count = (description: string) => ({ description, schema: { type: 'integer' as const, minimum: 0 } });

const limitHeaderObjects = {
  RateLimit: text('The limit that was asked last, what is left of it (`r`), and in how many seconds it begins anew (`t`).'),
  'RateLimit-Policy': text('That limit: how many (`q`) in how many seconds (`w`).'),
  'X-RateLimit-Limit': count('How many the limit allows in its window.'),
  'X-RateLimit-Remaining': count('How many are left.'),
  'X-RateLimit-Reset': count('Seconds until the window ends.'),
  [RETRY_AFTER]: count('Seconds after which the same request may be sent again.'),
};

/** The schemas that are referred to. */
const namesIn = (part: unknown): Set<string> =>
  new Set([...(JSON.stringify(part) ?? '').matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name as string));

export function serveOpenApi(app: INestApplication, document: OpenAPIObject): void {
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Sottovoce',
    swaggerOptions: { displayOperationId: true },
  });
}

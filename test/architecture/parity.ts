/**
 * Port, contract and adapters belong together: the table in ports.ts, the files, and every promise that a port makes.
 * A promise is a sentence in the comment of the port's interface or of one of its methods; it is the title of a case (ADR 0009).
 */
import ts from 'typescript';
import { importedPath, importsOf, nodesOf, parse, pascalOf, type SourceFile } from './source-files.js';

export type Row = Readonly<Record<string, string>>;
/** The file at a path, if it is there. */
export type Read = (path: string) => SourceFile | undefined;
export type Table = Readonly<Record<string, Row>>;

/** Files of application/ports that declare no port. */
const NO_PORTS = ['ports.ts', 'failures.ts', 'personal-stores.ts'];
/** Ports of the read side, which may not stand in the application. */
const VIEW_PORTS = { file: 'src/projections/kernel/views.ts', names: ['Views', 'ProjectionWriter', 'ViewBuilds'] };
/** Their second adapter is a test's. */
const TEST_ADAPTERS = ['Clock', 'IdSource'];
/** Pure functions of their inputs, for which one adapter is both. */
const ONE_ADAPTER = ['KeyProofs'];

export interface Port {
  readonly name: string;
  readonly file: string;
}

/** The ports that there are, by the files of application/ports and of the projections' kernel. */
export function portsOf(paths: readonly string[]): Port[] {
  const declared = paths.flatMap((file) => {
    const match = /^src\/application\/ports\/(([^/]+)\.ts)$/.exec(file);
    return match?.[1] && match[2] && !NO_PORTS.includes(match[1]) ? [{ name: pascalOf(match[2]), file }] : [];
  });
  return [...declared, ...VIEW_PORTS.names.map((name) => ({ name, file: VIEW_PORTS.file }))];
}

export const contractPath = (contract: string): string => `test/contracts/${contract}.contract.ts`;

/** Where the files of a row's adapters are, by kind. */
export function adapterPaths(name: string, { contract: _, ...adapters }: Row): ReadonlyMap<string, string> {
  const folderOf = (kind: string): string =>
    TEST_ADAPTERS.includes(name) && kind === 'inMemory' ? 'test/support' : 'src/adapters';
  return new Map(Object.entries(adapters).map(([kind, path]) => [kind, `${folderOf(kind)}/${path}`]));
}

/** The table names every port, and every row of it names a port, a contract and two adapters. */
export function tableProblems(table: Table, ports: readonly Port[]): string[] {
  const names = ports.map(({ name }) => name);
  const missing = ports
    .filter(({ name }) => table[name] === undefined)
    .map(({ name, file }) => `${file}: ${name} has no row in the table of src/application/ports/ports.ts.`);
  const unknown = Object.keys(table)
    .filter((name) => !names.includes(name))
    .map((name) => `ports.ts: the row ${name} has no port file.`);
  const incomplete = Object.entries(table).flatMap(([name, row]) => {
    const lacks = ['contract', 'inMemory', 'embedded'].filter((key) => !row[key]);
    const isOne = row.inMemory === row.embedded && !ONE_ADAPTER.includes(name);
    return [
      ...lacks.map((key) => `ports.ts: the row ${name} has no ${key}.`),
      ...(isOne && lacks.length === 0 ? [`ports.ts: ${name} has one adapter. Two adapters or no port.`] : []),
    ];
  });
  return [...missing, ...unknown, ...incomplete];
}

const pathsImportedBy = (file: SourceFile): (string | undefined)[] =>
  importsOf(file).map((specifier) => importedPath(file, specifier));

/** What a spec imports, by itself or by a file of test/support that opens it. */
function reachedBy(spec: SourceFile, read: Read): ReadonlySet<string | undefined> {
  const direct = pathsImportedBy(spec);
  const support = direct.filter((path) => path?.startsWith('test/support/')).map((path) => read(path ?? ''));
  return new Set([...direct, ...support.flatMap((file) => (file ? pathsImportedBy(file) : []))]);
}

/** Every adapter of a row exists and is reached by a spec that imports the row's contract. */
export function rowProblems(name: string, row: Row, specs: readonly SourceFile[], read: Read): string[] {
  const contract = contractPath(row.contract ?? '');
  if (!read(contract)) return [`${name}: ${contract} is missing.`];
  const underContract = specs.map((spec) => reachedBy(spec, read)).filter((paths) => paths.has(contract));
  return [...adapterPaths(name, row)].flatMap(([kind, path]) => {
    if (!read(path)) return [`${name}: the ${kind} adapter ${path} is missing.`];
    const isTested = underContract.some((paths) => paths.has(path));
    return isTested ? [] : [`${name}: no spec in test/contracts imports both ${path} and ${contract}.`];
  });
}

const plain = (text: string): string => text.replace(/\s+/g, ' ').trim().replace(/\.$/, '');

/** Ends at a full stop before a new sentence; one in an abbreviation or a number is followed by something else. */
export const sentencesOf = (comment: string): string[] =>
  comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/^[^\S\n]*\*[^\S\n]?/gm, '')
    .replace(/\s+/g, ' ')
    .split(/(?<=[.!?])\s+(?=[A-Z`"'(])/)
    .map(plain)
    .filter((sentence) => sentence !== '');

/** The doc comment of a node; not the header, which is the first thing in the file. */
const commentsOf = (file: SourceFile, node: ts.Node): string[] =>
  ts
    .getJSDocCommentsAndTags(node)
    .filter(({ pos }) => file.text.slice(0, pos).trim() !== '')
    .slice(-1)
    .map(({ pos, end }) => file.text.slice(pos, end));

/** What the interface of a port promises; undefined when the file declares no such interface. */
export function promisesOf(file: SourceFile, name: string): string[] | undefined {
  const port = parse(file).statements.find(
    (statement): statement is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  );
  return port && [port, ...port.members].flatMap((node) => commentsOf(file, node)).flatMap(sentencesOf);
}

/** The titles of the cases of a contract, with those of the contract files that it imports. */
export function titlesOf(contract: SourceFile, read: Read): string[] {
  const parts = importsOf(contract)
    .map((specifier) => importedPath(contract, specifier))
    .filter((path): path is string => path?.startsWith('test/contracts/') ?? false)
    .map(read)
    .filter((part) => part !== undefined);
  return [contract, ...parts].flatMap((file) => nodesOf(file).flatMap(titleOf));
}

function titleOf(node: ts.Node): string[] {
  if (!ts.isCallExpression(node)) return [];
  const [title] = node.arguments;
  const callee = ts.isCallExpression(node.expression) ? node.expression.expression : node.expression;
  const isCase = ['it', 'test', 'it.each', 'test.each'].includes(callee.getText());
  return isCase && title && ts.isStringLiteralLike(title) ? [plain(title.text)] : [];
}

export function missingPromises(promises: readonly string[], titles: readonly string[]): string[] {
  return promises.filter((promise) => !titles.includes(promise));
}

const REGISTRY_KEYS = ['purge', 'count', 'export'];

/** Every store that holds personal data says how it is purged, counted and exported. */
export function registryProblems(registry: unknown): string[] {
  if (typeof registry !== 'object' || registry === null || Object.keys(registry).length === 0)
    return ['The registry names no store.'];
  return Object.entries(registry).flatMap(([store, entry]: [string, unknown]) =>
    REGISTRY_KEYS.filter((key) => !(entry as Record<string, unknown> | null)?.[key]).map(
      (key) => `personal-stores.ts: ${store} does not declare ${key}.`,
    ),
  );
}

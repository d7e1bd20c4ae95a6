/**
 * The files of the repository as the architecture checks read them: paths from its root, with `/`.
 * A check is a function of such files, so that a probe is a file that exists only in the test.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const GENERATED = new Set(['node_modules', 'dist', 'data', 'keys', 'coverage', '.git']);

/** The paths of all files under a folder of the repository, without what is built or installed. */
export function pathsUnder(folder: string): string[] {
  const start = join(ROOT, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { withFileTypes: true })
    .filter(({ name }) => !GENERATED.has(name) && !name.startsWith('.dist-'))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? pathsUnder(path) : [path];
    })
    .sort();
}

export const exists = (path: string): boolean => existsSync(join(ROOT, path));

export const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** A file that another process removes meanwhile is not there. */
export function filesUnder(folder: string, ending = ''): SourceFile[] {
  return pathsUnder(folder)
    .filter((path) => path.endsWith(ending) && exists(path))
    .map((path) => ({ path, text: textOf(path) }));
}

const parsed = new WeakMap<SourceFile, ts.SourceFile>();

export function parse(file: SourceFile): ts.SourceFile {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2023, true);
  parsed.set(file, tree);
  return tree;
}

/** All nodes of a file, parents first. */
export function nodesOf(file: SourceFile): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(parse(file));
  return nodes;
}

/** `path:line`, for messages. */
export function placeOf(file: SourceFile, node: ts.Node): string {
  return `${file.path}:${parse(file).getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}

/** The specifiers of all imports, re-exports and dynamic imports of a file. */
export function importsOf(file: SourceFile): string[] {
  return nodesOf(file).flatMap((node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      return ts.isStringLiteral(node.moduleSpecifier) ? [node.moduleSpecifier.text] : [];
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      return node.arguments.filter(ts.isStringLiteral).map(({ text }) => text);
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
      return [node.argument.literal.text];
    }
    return [];
  });
}

/** The path of the `.ts` file that a relative specifier of a file points at; undefined for a package. */
export function importedPath(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return join(file.path, '..', specifier).replace(/\.js$/, '.ts');
}

const isExported = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

/** The declarations that a file exports, by name. */
export function exportsOf(file: SourceFile): ReadonlyMap<string, ts.Node> {
  const found = new Map<string, ts.Node>();
  for (const statement of parse(file).statements) {
    if (!isExported(statement)) continue;
    if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) if (ts.isIdentifier(name)) found.set(name.text, statement);
    } else if ('name' in statement && ts.isIdentifier(statement.name as ts.Node)) {
      found.set((statement.name as ts.Identifier).text, statement);
    }
  }
  return found;
}

export const pascalOf = (kebab: string): string =>
  kebab
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

export const camelOf = (kebab: string): string => pascalOf(kebab).replace(/^./, (first) => first.toLowerCase());

/** The words of an identifier: `clientIdMax` is client, id, max. */
export const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '');

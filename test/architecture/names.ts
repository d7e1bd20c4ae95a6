/**
 * How things are called: file names, use cases, events, ids, and the words of the glossary (house style: names).
 * What a rule reports says what is wrong and what to do instead.
 */
import ts from 'typescript';
import { camelOf, exportsOf, nodesOf, parse, placeOf, type SourceFile, wordsOf } from './source-files.js';

const BANNED_WORDS = /^(?:utils?|helpers?|common|shared|core|base|managers?|services?)$/;
const KEBAB = /^[a-z\d]+(?:-[a-z\d]+)*$/;
const PARTICIPLES =
  /^(?:\w+ed|Begun|Built|Cut|Drawn|Given|Held|Kept|Left|Lost|Made|Met|Put|Read|Rung|Sent|Set|Shown|Spent|Taken|Withdrawn|Won|Written)$/;
/** A word that means what another word of the glossary says; the first is never used for it in these folders. */
const SYNONYMS: Readonly<Record<string, string>> = { client: 'device', clients: 'devices' };
export function fileNameProblems(path: string): string[] {
  const segments = path.split('/').slice(1);
  const isDocument = /(?:^|\/)README\.md$/.test(path);
  const parts = segments.flatMap((segment) => segment.split('.'));
  const words = parts.flatMap((part) => part.split('-'));
  const banned = words.filter((word) => BANNED_WORDS.test(word));
  return [
    ...(isDocument || parts.every((part) => KEBAB.test(part)) ? [] : [`${path}: file and folder names are kebab-case.`]),
    ...banned.map((word) => `${path}: "${word}" says nothing. Name the file after what it holds.`),
  ];
}

/** A row of a table (use cases, reactions) is the one thing that the table takes from a file of the same name. */
export function rowNameProblems(table: SourceFile): string[] {
  return parse(table).statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return [];
    const file = /^\.\/(?!ports\/)[^/]+\/([^/]+)\.js$/.exec(statement.moduleSpecifier.text)?.[1];
    const bindings = statement.importClause?.namedBindings;
    if (file === undefined || bindings === undefined || !ts.isNamedImports(bindings)) return [];
    const wanted = camelOf(file);
    return bindings.elements
      .filter(({ name, propertyName }) => name.text !== wanted || propertyName !== undefined)
      .map((element) => `${placeOf(table, element)}: ${file}.ts is imported for ${element.getText()}, not ${wanted}.`);
  });
}

export interface EventName {
  readonly type: string;
  readonly place: string;
}

/** The `type` literals of the unions called ...Event in an events.ts. */
export function eventNames(file: SourceFile): EventName[] {
  const unions = nodesOf(file).filter(
    (node): node is ts.TypeAliasDeclaration => ts.isTypeAliasDeclaration(node) && /Event$/.test(node.name.text),
  );
  return unions.flatMap(({ type }) => {
    const members = ts.isUnionTypeNode(type) ? [...type.types] : [type];
    return members.filter(ts.isTypeLiteralNode).flatMap((member) => typeOf(file, member));
  });
}

function typeOf(file: SourceFile, member: ts.TypeLiteralNode): EventName[] {
  const property = member.members.find(
    (candidate): candidate is ts.PropertySignature => ts.isPropertySignature(candidate) && candidate.name.getText() === 'type',
  );
  const literal = property?.type && ts.isLiteralTypeNode(property.type) ? property.type.literal : undefined;
  return literal && ts.isStringLiteral(literal) ? [{ type: literal.text, place: placeOf(file, literal) }] : [];
}

export function eventNameProblems(events: readonly EventName[]): string[] {
  const first = new Map<string, string>();
  return events.flatMap(({ type, place }) => {
    const problems: string[] = [];
    const earlier = first.get(type);
    if (earlier !== undefined)
      problems.push(`${place}: ${type} is taken by ${earlier}. Event types are unique in the whole system.`);
    else first.set(type, place);
    if (!/^(?:[A-Z][a-z\d]+)+$/.test(type)) problems.push(`${place}: ${type} is not UpperCamel.`);
    const words = type.match(/[A-Z][a-z\d]*/g) ?? [];
    if (words.length < 2 || !words.some((word) => PARTICIPLES.test(word)))
      problems.push(`${place}: ${type} is no fact. Say what happened: MemberAdded.`);
    return problems;
  });
}

/** `AccountId = Branded<'account'>`: the brand is the stored name of the id, and each is used once. */
export function idProblems(file: SourceFile): string[] {
  const brands = new Set<string>();
  return nodesOf(file).flatMap((node) => {
    if (!ts.isTypeAliasDeclaration(node) || !ts.isTypeReferenceNode(node.type)) return [];
    const [argument] = node.type.typeArguments ?? [];
    if (node.type.typeName.getText() !== 'Branded' || !argument) return [];
    const brand = argument.getText().slice(1, -1);
    const wanted = wordsOf(node.name.text.replace(/Id$/, '')).join('-');
    const isTwice = brands.has(brand);
    brands.add(brand);
    return [
      ...(brand === wanted ? [] : [`${placeOf(file, node)}: ${node.name.text} carries the brand '${brand}', not '${wanted}'.`]),
      ...(isTwice ? [`${placeOf(file, node)}: the brand '${brand}' is taken.`] : []),
    ];
  });
}

/** Names that are stored are constants: never taken from a class, a function or a file. */
export function storedNameProblems(file: SourceFile): string[] {
  return nodesOf(file)
    .filter(
      (node) =>
        ts.isPropertyAccessExpression(node) && node.name.text === 'name' && /\.constructor$/.test(node.expression.getText()),
    )
    .map((node) => `${placeOf(file, node)}: a name from a class changes with the class. Write a constant.`);
}

export function synonymProblems(file: SourceFile): string[] {
  if (!/^src\/(?:domain|application)\//.test(file.path)) return [];
  const named = new Set<string>();
  for (const node of nodesOf(file)) if (ts.isIdentifier(node)) named.add(node.text);
  const fileName = file.path.split('/').slice(2).join('/').replace(/\.ts$/, '');
  return [...named, fileName].flatMap((name) =>
    wordsOf(name)
      .filter((word) => Object.hasOwn(SYNONYMS, word))
      .map((word) => `${file.path}: ${name}: the glossary says "${SYNONYMS[word]}", not "${word}".`),
  );
}

/** A port is called after its capability: no `I` before it, no `Port` behind it. */
export function portNameProblems(file: SourceFile): string[] {
  if (!file.path.startsWith('src/application/ports/')) return [];
  return [...exportsOf(file).keys()]
    .filter((name) => /^I[A-Z][a-z]/.test(name) || /Port$/.test(name))
    .map((name) => `${file.path}: ${name}: name the capability, without "I" and "Port".`);
}

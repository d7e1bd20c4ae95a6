/**
 * What a file may not say, read from its syntax tree; the compiler and the import rules do not see these.
 * Each rule names the folders it holds for and what to do instead (ADR 0003).
 */
import ts from 'typescript';
import { nodesOf, placeOf, type SourceFile } from './source-files.js';

interface PurityRule {
  readonly name: string;
  readonly instead: string;
  readonly holdsFor: (path: string) => boolean;
  readonly isBroken: (node: ts.Node) => boolean;
}

const BANNED_IMPORTS = new Set(['EventBus', 'AggregateRoot', 'EventPublisher', 'Saga', 'forwardRef']);
const AMBIENT = new Set(['process', 'crypto', 'console', 'globalThis', 'performance', 'queueMicrotask', 'fetch', 'Buffer']);
const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate']);
const GLOBAL_OBJECTS = new Set(['globalThis', 'global']);

const isPure = (path: string): boolean => /^src\/(?:domain|application|projections)\//.test(path);
const isImpureOutsideSystem = (path: string): boolean => path.startsWith('src/') && !path.startsWith('src/adapters/system/');

/** Names a value, not a member of something else; `globalThis.setTimeout` and `import { setTimeout as sleep }` name it too. */
function names(node: ts.Node, wanted: ReadonlySet<string>): boolean {
  if (!ts.isIdentifier(node) || !wanted.has(node.text)) return false;
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    return ts.isIdentifier(parent.expression) && GLOBAL_OBJECTS.has(parent.expression.text);
  }
  if (ts.isImportSpecifier(parent)) return (parent.propertyName ?? parent.name) === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  const isMemberName =
    ts.isPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isAccessor(parent) ||
    ts.isEnumMember(parent);
  return !(isMemberName && parent.name === node);
}

const only = (name: string): ReadonlySet<string> => new Set([name]);

/** `object.member` and `object['member']`. */
function isMember(node: ts.Node, object: string, member: string): boolean {
  if (ts.isPropertyAccessExpression(node)) return names(node.expression, only(object)) && node.name.text === member;
  return (
    ts.isElementAccessExpression(node) &&
    names(node.expression, only(object)) &&
    ts.isStringLiteralLike(node.argumentExpression) &&
    node.argumentExpression.text === member
  );
}

/** The object handed on or taken apart, so that its members can be reached under another name. */
function escapes(node: ts.Node, object: string): boolean {
  if (!names(node, only(object)) || isInType(node)) return false;
  const parent = node.parent;
  const isUsedInPlace =
    (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent)) && parent.expression === node;
  return !isUsedInPlace && !ts.isNewExpression(parent) && !ts.isCallExpression(parent) && !isInstanceTest(parent);
}

const isInstanceTest = (node: ts.Node): boolean =>
  ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword;

const isInType = (node: ts.Node): boolean => ts.isTypeNode(node) || ts.isTypeNode(node.parent) || ts.isTypeQueryNode(node.parent);

const isNewDate = (node: ts.Node): node is ts.NewExpression => ts.isNewExpression(node) && names(node.expression, only('Date'));

const readsClock = (node: ts.Node): boolean =>
  isMember(node, 'Date', 'now') ||
  (isNewDate(node) && (node.arguments?.length ?? 0) === 0) ||
  (ts.isCallExpression(node) && names(node.expression, only('Date'))) ||
  escapes(node, 'Date');

const drawsChance = (node: ts.Node): boolean => isMember(node, 'Math', 'random') || escapes(node, 'Math');

const imports = (node: ts.Node, module: RegExp): boolean =>
  ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier) && module.test(node.moduleSpecifier.text);

function isInsideUnreachable(node: ts.Node): boolean {
  if (node.getSourceFile().fileName !== 'src/domain/kernel/decider.ts') return false;
  const around = ts.findAncestor(node, ts.isFunctionDeclaration);
  return around?.name?.text === 'unreachable';
}

const decorates = (node: ts.Node): boolean => ts.isDecorator(node);

const readsEnvironment = (node: ts.Node): boolean =>
  isMember(node, 'process', 'env') ||
  (ts.isVariableDeclaration(node) &&
    ts.isObjectBindingPattern(node.name) &&
    node.initializer !== undefined &&
    names(node.initializer, only('process'))) ||
  (imports(node, /^(?:node:)?process$/) && /\benv\b/.test(node.getText()));

/** Clocks beside `Date`. */
const readsOtherClock = (node: ts.Node): boolean =>
  names(node, only('performance')) ||
  isMember(node, 'process', 'hrtime') ||
  isMember(node, 'process', 'uptime') ||
  imports(node, /^(?:node:)?perf_hooks$/);

/** Ways to be called later that no clock and no turn of a simulation would know of. */
const schedules = (node: ts.Node): boolean =>
  names(node, new Set(['setImmediate', 'queueMicrotask'])) || isMember(node, 'process', 'nextTick');

const isNamed = (node: ts.Node, wanted: ReadonlySet<string>): boolean => ts.isIdentifier(node) && wanted.has(node.text);

const RANDOM = new Set(['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'getRandomValues', 'webcrypto']);
/** Where keys and nonces are made, and what never runs in a simulated process. */
const MAKES_KEYS = /^src\/adapters\/(?:system|crypto|files|cli|in-memory|tracing)\/|^src\/adapters\/nest\/sealed-tokens\.ts$/;
/** How long something took is told to an operator and decides nothing; a simulation has no instruments. */
const MEASURES = /^src\/adapters\/(?:metrics|tracing)\/|^src\/instruments\.ts$/;
/** The writer of the embedded store gathers what one commit holds back; it has no part in a simulated process. */
const SCHEDULES = /^src\/adapters\/(?:system|sqlite|cli)\/|^src\/adapters\/websocket\/turn\.ts$/;

/** A thread that has no part in a process's order: it waits for the word to end, and nobody waits for it. */
const THREADS = /^src\/adapters\/sqlite\/checkpoint-thread\.ts$/;

const timeFromClock = 'Take the Clock port, or take the moment as a value.';
const chanceFromIdSource = 'Take the IdSource port, or take the id as a value.';

export const rules: readonly PurityRule[] = [
  { name: 'pure: no clock', instead: timeFromClock, holdsFor: isPure, isBroken: readsClock },
  {
    name: 'decisions: no dates',
    instead: 'An instant is a number of milliseconds; only the read side and the doors format one.',
    holdsFor: (path) => isPure(path) && !path.startsWith('src/projections/'),
    isBroken: isNewDate,
  },
  { name: 'pure: no chance', instead: chanceFromIdSource, holdsFor: isPure, isBroken: drawsChance },
  {
    name: 'pure: no timers',
    instead: 'Take the Clock port and wait on it.',
    holdsFor: isPure,
    isBroken: (node) => names(node, TIMERS) || isMember(node, 'AbortSignal', 'timeout'),
  },
  {
    name: 'pure: no ambient objects',
    instead: 'Take what you need as a port or as a value.',
    holdsFor: isPure,
    isBroken: (node) => names(node, AMBIENT) && !isInType(node),
  },
  {
    name: 'pure: no decorators',
    instead: 'Decorators belong to adapters; write a plain function or type.',
    holdsFor: isPure,
    isBroken: decorates,
  },
  {
    name: 'domain: a refusal is a value',
    instead: 'Return rejected(...); only `unreachable` in kernel/decider.ts throws.',
    holdsFor: (path) => path.startsWith('src/domain/'),
    isBroken: (node) => ts.isThrowStatement(node) && !isInsideUnreachable(node),
  },
  {
    name: 'time only from adapters/system',
    instead: timeFromClock,
    holdsFor: (path) => isImpureOutsideSystem(path) && !MEASURES.test(path),
    isBroken: (node) => readsClock(node) || readsOtherClock(node),
  },
  {
    name: 'chance only from adapters/system',
    instead: chanceFromIdSource,
    holdsFor: isImpureOutsideSystem,
    isBroken: (node) => drawsChance(node) || isNamed(node, only('randomUUID')),
  },
  {
    name: 'keys and nonces only where they are made',
    instead: 'Take the IdSource port; random bytes belong to adapters/crypto, where a simulation puts the seed in their place.',
    holdsFor: (path) => path.startsWith('src/') && !MAKES_KEYS.test(path),
    isBroken: (node) => isNamed(node, RANDOM),
  },
  {
    name: 'waiting only in adapters/system',
    instead: 'Take the Clock port and wait on it.',
    holdsFor: (path) => isImpureOutsideSystem(path) && !THREADS.test(path),
    isBroken: (node) =>
      names(node, new Set(['setTimeout', 'setInterval'])) ||
      isMember(node, 'AbortSignal', 'timeout') ||
      isMember(node, 'Atomics', 'wait') ||
      isMember(node, 'Atomics', 'waitAsync') ||
      imports(node, /^(?:node:)?timers(?:\/promises)?$/),
  },
  {
    name: 'scheduling only by ports',
    instead: 'Await a port, or a promise that is resolved already: nothing else runs in the order that a seed gives (ADR 0025).',
    holdsFor: (path) => path.startsWith('src/') && !SCHEDULES.test(path),
    isBroken: schedules,
  },
  {
    name: 'one reader of process.env',
    instead: 'Add the value to adapters/config/env.ts and take it as an option.',
    holdsFor: (path) => path.startsWith('src/') && path !== 'src/adapters/config/env.ts',
    isBroken: readsEnvironment,
  },
  {
    name: 'nothing durable on the bus',
    instead: 'Follow the EventFeed with a durable name; compose by factories, not by forwardRef (ADR 0007, 0008).',
    holdsFor: (path) => path.startsWith('src/'),
    isBroken: (node) => ts.isIdentifier(node) && BANNED_IMPORTS.has(node.text),
  },
  {
    name: 'no barrels: index.ts',
    instead: 'Import from the file that declares it.',
    holdsFor: (path) => /(?:^|\/)index\.[cm]?[jt]s$/.test(path),
    isBroken: ts.isSourceFile,
  },
  {
    name: 'no barrels: export *',
    instead: 'Import from the file that declares it.',
    holdsFor: () => true,
    isBroken: (node) =>
      ts.isExportDeclaration(node) && (node.exportClause === undefined || ts.isNamespaceExport(node.exportClause)),
  },
];

export function violations(file: SourceFile): string[] {
  return rules
    .filter(({ holdsFor }) => holdsFor(file.path))
    .flatMap((rule) =>
      nodesOf(file)
        .filter(rule.isBroken)
        .map((node) => `${placeOf(file, node)}: ${rule.name}. ${rule.instead}`),
    );
}

/**
 * Who may import whom, as allow-lists by folder: what a rule does not name is refused, so a new folder starts closed.
 * Every comment says what to do instead. test/architecture/boundaries.spec.ts plants one violation per rule (ADR 0002).
 */
'use strict';

/** The files that may know every adapter. */
const COMMANDS = '^src/adapters/cli/(?:chat|demo|sottovoce)\\.ts$';
const COMPOSITION =
  '^src/(?:main|server|app\\.module|compose|backup|inspection|verification|contents|processes|instruments|control-channel|references)\\.ts$';
/** Technologies that stand at a door and share the dispatch seam `nest`. */
const INBOUND = '^src/adapters/(?:http|websocket|cli)/';

module.exports = {
  forbidden: [
    {
      name: 'every-import-resolves',
      severity: 'error',
      comment: 'Nothing is found under this specifier. Correct the path (relative, with .js) or install the package.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'These files import each other at run time. Move what both need into a third file, or pass it in as a value.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'domain-imports-only-domain',
      severity: 'error',
      comment: 'The domain is a function of its inputs. Let the use case obtain this and pass it in with the command.',
      from: { path: '^src/domain/' },
      to: { pathNot: '^src/domain/' },
    },
    {
      name: 'an-aggregate-imports-only-itself-and-kernel',
      severity: 'error',
      comment: 'Aggregates are strangers. Pass the value in with the command, or move a shared word to domain/kernel.',
      from: { path: '^src/domain/([^/]+)/' },
      to: { path: '^src/domain/', pathNot: '^src/domain/(?:$1|kernel)/' },
    },
    {
      name: 'application-imports-only-domain-and-itself',
      severity: 'error',
      comment: 'A use case knows no technology, package or view. Declare a port in application/ports and take it by deps.',
      from: { path: '^src/application/' },
      to: { pathNot: '^src/(?:domain|application)/' },
    },
    {
      name: 'projections-import-only-facts',
      severity: 'error',
      comment: 'A view is made of facts: import domain/*/events.ts, domain/kernel or projections, and nothing that decides.',
      from: { path: '^src/projections/' },
      to: { pathNot: '^src/(?:projections/|domain/kernel/|domain/[^/]+/events\\.ts$)' },
    },
    {
      name: 'a-technology-imports-no-other',
      severity: 'error',
      comment: 'A technology folder is the unit of replacement. Take the port by constructor; adapters/crypto may be imported.',
      from: { path: '^src/adapters/([^/]+)/', pathNot: INBOUND },
      to: { path: '^src/adapters/', pathNot: '^src/adapters/(?:$1|crypto)/' },
    },
    {
      name: 'a-door-imports-only-the-seam',
      severity: 'error',
      comment: 'http and websocket reach the rest by adapters/nest or by a port that the composition root passes in.',
      from: { path: '^src/adapters/(http|websocket)/' },
      to: { path: '^src/adapters/', pathNot: '^src/adapters/(?:$1|nest|crypto)/' },
    },
    {
      name: 'a-tool-imports-the-seam-and-the-control-channel',
      severity: 'error',
      comment: 'Tools ask a server by its doors or by its control channel, and open nothing of it themselves.',
      from: { path: '^src/adapters/cli/', pathNot: COMMANDS },
      to: { path: '^src/adapters/', pathNot: '^src/adapters/(?:cli|nest|crypto|control)/' },
    },
    {
      name: 'a-command-composes-little',
      severity: 'error',
      comment:
        'chat, demo and sottovoce are programs of their own: from adapters they may take the system clock and ids besides.',
      from: { path: COMMANDS },
      to: { path: '^src/adapters/', pathNot: '^src/adapters/(?:cli|nest|crypto|control|system)/' },
    },
    {
      name: 'an-adapter-does-not-compose',
      severity: 'error',
      comment: 'Adapters are put together, they put nothing together. Only entries in adapters/cli import the composition root.',
      from: { path: '^src/adapters/', pathNot: '^src/adapters/cli/' },
      to: { path: '^src/', pathNot: '^src/(?:domain|application|projections|adapters)/' },
    },
    {
      name: 'only-composition-imports-across-adapters',
      severity: 'error',
      comment:
        'Only the composition root (app.module, compose, backup, inspection, verification, contents, processes, instruments, references, server) knows every adapter. Move this there.',
      from: { path: '^src/', pathNot: [COMPOSITION, '^src/(?:domain|application|projections|adapters)/'] },
      to: { path: '^src/adapters/' },
    },
    {
      name: 'src-imports-only-declared-dependencies',
      severity: 'error',
      comment: 'After `npm ci --omit=dev` this package is not there. Add it to dependencies, or import only its types.',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};

/** Goal: the names of files, use cases, events, ids and words keep to the house style, and each rule about them still bites. */
import { describe, expect, it } from '@jest/globals';
import {
  eventNameProblems,
  eventNames,
  fileNameProblems,
  idProblems,
  portNameProblems,
  rowNameProblems,
  storedNameProblems,
  synonymProblems,
} from './names.js';
import { filesUnder, importsOf, pathsUnder, textOf } from './source-files.js';

const sources = filesUnder('src', '.ts');
const events = sources.filter(({ path }) => /^src\/domain\/[^/]+\/events\.ts$/.test(path)).flatMap(eventNames);

const probe = (text: string, path = 'src/domain/message/events.ts') => ({ path, text });
const unionOf = (...types: string[]): string =>
  `export type ProbeEvent = ${types.map((type) => `| { readonly type: '${type}'; readonly data: {} }`).join(' ')};`;
const problemsOfEvents = (...types: string[]): string[] => eventNameProblems(eventNames(probe(unionOf(...types))));

describe('names of files', () => {
  it('are kebab-case and say what the file holds', () => {
    const paths = ['src', 'test', 'bin', 'bench'].flatMap(pathsUnder).filter((path) => !path.startsWith('test/golden/'));
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.flatMap(fileNameProblems)).toEqual([]);
  });

  it.each([
    'src/domain/Message/events.ts',
    'src/adapters/http/accountDto.ts',
    'test/support/test_clock.ts',
    'src/adapters/http/http-utils.ts',
    'src/helpers/x.ts',
    'src/adapters/common/x.ts',
    'test/shared/x.ts',
    'src/domain/core/x.ts',
    'src/adapters/sqlite/base.ts',
    'src/adapters/sqlite/key-manager.ts',
    'src/application/message.service.ts',
  ])('refuse %s', (path) => {
    expect(fileNameProblems(path)).not.toEqual([]);
  });

  it.each(['src/adapters/sqlite/sqlite-database.ts', 'src/adapters/http/account.dto.ts', 'src/adapters/sqlite/README.md'])(
    'allow %s',
    (path) => {
      expect(fileNameProblems(path)).toEqual([]);
    },
  );
});

describe('names of use cases and reactions', () => {
  it.each(['src/application/use-cases.ts', 'src/application/reactions.ts'])(
    'in %s are the camel-case names of their files',
    (path) => {
      const table = probe(textOf(path), path);
      expect(importsOf(table).length).toBeGreaterThan(1);
      expect(rowNameProblems(table)).toEqual([]);
    },
  );

  it.each([
    "import { createMember } from './conversation/add-member.js';",
    "import { addMember, other } from './conversation/add-member.js';",
    "import { create as addMember } from './conversation/add-member.js';",
  ])('refuse %s', (text) => {
    expect(rowNameProblems(probe(text, 'src/application/use-cases.ts'))).toHaveLength(1);
  });

  it('allow the function of that name, ports and machinery', () => {
    const text =
      "import { addMember } from './conversation/add-member.js'; import { X } from './ports/clock.js'; import type { D } from './use-case.js';";
    expect(rowNameProblems(probe(text, 'src/application/use-cases.ts'))).toEqual([]);
  });
});

describe('names of events', () => {
  it('are facts, each once in the system', () => {
    expect(events.length).toBeGreaterThan(0);
    expect(eventNameProblems(events)).toEqual([]);
  });

  it('are read from every events.ts', () => {
    const without = sources
      .filter(({ path }) => /^src\/domain\/[^/]+\/events\.ts$/.test(path))
      .filter((file) => eventNames(file).length === 0);
    expect(without.map(({ path }) => path)).toEqual([]);
  });

  it.each([
    [['MemberAdded', 'MemberAdded']],
    [['AddMember']],
    [['memberAdded']],
    [['Member_Added']],
    [['MEMBERAdded']],
    [['Added']],
  ])('refuse %j', (types) => {
    expect(problemsOfEvents(...types)).not.toEqual([]);
  });

  it.each(['MemberLeft', 'EpochAdvanced', 'ConversationCarriedForward', 'ReadUpTo'])('allow %s', (type) => {
    expect(problemsOfEvents(type)).toEqual([]);
  });

  it('see an event that is taken by another aggregate', () => {
    const elsewhere = eventNames(probe(unionOf('MemberAdded'), 'src/domain/account/events.ts'));
    expect(eventNameProblems([...eventNames(probe(unionOf('MemberAdded'))), ...elsewhere])).toEqual([
      expect.stringContaining('is taken'),
    ]);
  });
});

describe('names that are stored', () => {
  it('brand each id with its own name', () => {
    const ids = probe(textOf('src/domain/kernel/ids.ts'), 'src/domain/kernel/ids.ts');
    expect(ids.text).toMatch(/Branded<'account'>/);
    expect(idProblems(ids)).toEqual([]);
  });

  it('refuse a brand that is taken or differs from its type', () => {
    expect(idProblems(probe("export type AccountId = Branded<'user'>;"))).toHaveLength(1);
    expect(idProblems(probe("export type A = Branded<'a'>; type AId = Branded<'a'>;"))).toHaveLength(1);
    expect(idProblems(probe("export type KeyBundleId = Branded<'key-bundle'>;"))).toEqual([]);
  });

  it('come from no class', () => {
    expect(sources.flatMap(storedNameProblems)).toEqual([]);
  });

  it('are refused when a class gives them', () => {
    expect(storedNameProblems(probe('const type = event.constructor.name;'))).toHaveLength(1);
  });
});

describe('words', () => {
  it('of the glossary are used, not their synonyms', () => {
    expect(sources.flatMap(synonymProblems)).toEqual([]);
  });

  it('"client" for a device is refused in domain and application, and allowed at the edge', () => {
    expect(synonymProblems(probe('export interface Link { readonly clientId: string }'))).toHaveLength(1);
    expect(synonymProblems(probe('const x = 1;', 'src/application/device/link-client.ts'))).toHaveLength(1);
    expect(synonymProblems(probe('const clientId = 1;', 'src/adapters/http/problem.ts'))).toEqual([]);
    expect(synonymProblems(probe('// a client is a device\nconst deviceId = 1;'))).toEqual([]);
  });

  it('of ports are capabilities', () => {
    expect(sources.flatMap(portNameProblems)).toEqual([]);
  });

  it('of ports are refused with an I or a Port', () => {
    expect(portNameProblems(probe('export interface IClock {}', 'src/application/ports/clock.ts'))).toHaveLength(1);
    expect(portNameProblems(probe('export interface ClockPort {}', 'src/application/ports/clock.ts'))).toHaveLength(1);
    expect(portNameProblems(probe('export interface IdSource {}', 'src/application/ports/id-source.ts'))).toEqual([]);
  });
});

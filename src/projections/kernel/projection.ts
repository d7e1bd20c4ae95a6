/**
 * A projection is declared as data: name, version, collection, and a pure function per event that yields closed verbs.
 * A document is written by events of one feed key only; what spans several is joined on read. There is no increment: a
 * repeated event must change nothing.
 */
import type { Collection, Shape } from './collection.js';
import { isKnownType, type Meta, type ProjectedEvent, type ProjectedType } from './feed-events.js';

type Field<Doc> = keyof Doc & string;
type NumberField<Doc> = { [Name in Field<Doc>]-?: Doc[Name] extends number | undefined ? Name : never }[Field<Doc>];
type OptionalField<Doc> = { [Name in Field<Doc>]-?: undefined extends Doc[Name] ? Name : never }[Field<Doc>];
type Element<List> = NonNullable<List> extends readonly (infer Item)[] ? Item : never;
type ListField<Doc> = { [Name in Field<Doc>]-?: NonNullable<Doc[Name]> extends readonly unknown[] ? Name : never }[Field<Doc>];

/** One document by its key, or those that are found by the leading fields of an index. */
type Target<Doc, Key extends Field<Doc>, Index extends string> =
  | { readonly key: Pick<Doc, Key> }
  | { readonly index: Index; readonly equal: Partial<Doc> };

type Changes<Doc, Key extends Field<Doc>> = {
  readonly set?: Partial<Omit<Doc, Key>>;
  readonly max?: { readonly [Name in NumberField<Omit<Doc, Key>>]?: number };
  readonly unset?: readonly OptionalField<Omit<Doc, Key>>[];
  readonly onlyIf?: Partial<Doc>;
};

type Addition<Doc> = {
  [Name in ListField<Doc>]: { readonly field: Name; readonly values: readonly Element<Doc[Name]>[] };
}[ListField<Doc>];

export type Op<Doc extends object, Key extends Field<Doc>, Index extends string> =
  /** `upsert` puts a whole document in the place of what was there. */
  | { readonly verb: 'upsert'; readonly key: Pick<Doc, Key>; readonly doc: Omit<Doc, Key> }
  /**
   * `patch` sets fields, takes fields out, and keeps the larger number where `max` is asked for.
   * A patch by key begins a document that is not there; a patch by index changes only documents that are.
   * A patch with `onlyIf` changes only a document that is there and has these values.
   */
  | ({ readonly verb: 'patch' } & Target<Doc, Key, Index> & Changes<Doc, Key>)
  /** `add` puts values into a set, each once, and begins a document that is not there. */
  | ({ readonly verb: 'add'; readonly key: Pick<Doc, Key> } & Addition<Doc>)
  /** `remove` takes the document away. */
  | { readonly verb: 'remove'; readonly key: Pick<Doc, Key> }
  /** `forget` takes the personal fields out and leaves the rest. */
  | ({ readonly verb: 'forget' } & Target<Doc, Key, Index>);

/** What an adapter sees of an op. */
export type AnyOp =
  | { readonly verb: 'upsert'; readonly key: object; readonly doc: object }
  | ({ readonly verb: 'patch' } & AnyTarget & AnyChanges)
  | { readonly verb: 'add'; readonly key: object; readonly field: string; readonly values: readonly unknown[] }
  | { readonly verb: 'remove'; readonly key: object }
  | ({ readonly verb: 'forget' } & AnyTarget);
export type AnyTarget = { readonly key: object } | { readonly index: string; readonly equal: object };
export interface AnyChanges {
  readonly set?: object;
  readonly max?: { readonly [name: string]: number | undefined };
  readonly unset?: readonly string[];
  readonly onlyIf?: object;
}

/** A function for each event that the view is made of. It sees the event and its place, and nothing else. */
export type Handlers<Doc extends object, Key extends Field<Doc>, Index extends string> = {
  readonly [Type in ProjectedType]?: (
    event: Extract<ProjectedEvent, { readonly type: Type }>,
    meta: Meta,
  ) => readonly Op<Doc, Key, Index>[];
};

export interface Projection {
  readonly name: string;
  readonly version: number;
  readonly collection: Shape;
  readonly on: { readonly [Type in ProjectedType]?: (event: never, meta: Meta) => readonly AnyOp[] };
}

export interface ProjectionOf<Doc extends object, Key extends Field<Doc>, Index extends string> extends Projection {
  readonly collection: Collection<Doc, Key, Index>;
}

type NameIn<Stored extends string> = Stored extends `${infer Name}.v${number}` ? Name : never;
type VersionIn<Stored extends string> = Stored extends `${string}.v${infer Version extends number}` ? Version : never;

/** The collection is called after name and version: another spelling does not compile. */
export const defineProjection =
  <Doc extends object, Key extends Field<Doc>, Index extends string, Stored extends string>(
    collection: Collection<Doc, Key, Index, Stored>,
  ) =>
  (declared: {
    readonly name: NameIn<Stored>;
    readonly version: VersionIn<Stored>;
    readonly on: Handlers<Doc, Key, Index>;
  }): ProjectionOf<Doc, Key, Index> => ({ ...declared, collection });

export function opsOf(projection: Projection, event: ProjectedEvent, meta: Meta): readonly AnyOp[] {
  const handler = projection.on[event.type] as ((event: ProjectedEvent, meta: Meta) => readonly AnyOp[]) | undefined;
  return handler?.(event, meta) ?? NO_OPS;
}
const NO_OPS: readonly AnyOp[] = [];

/**
 * Which events a projection alone must be handed: a post comes with its content, and what nobody knows is never left out.
 */
export function wantedBy({ on }: Projection): (type: string) => boolean {
  const wanted = new Set(Object.keys(on));
  if (wanted.has('MessagePosted')) wanted.add('MessageComposed');
  return (type) => wanted.has(type) || !isKnownType(type);
}

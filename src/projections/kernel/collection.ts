/**
 * How the documents of one view are kept: which fields are the key, by which fields they are found, which are personal.
 * The name is stored, version and all; a changed shape is a new version and a new name, never a migration.
 */

/** Texts in keys and indexes are ids and literals; integers are not negative. */
export type FieldType = 'text' | 'integer';
export type Scalar = string | number;
export type Fields = Readonly<Record<string, unknown>>;

/** What an adapter sees of a collection. */
export interface Shape {
  /** Projection name and version: `conversation-list.v1`. */
  readonly name: string;
  /** Every field of the key and of an index, with its type. */
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly key: readonly string[];
  readonly indexes: Readonly<Record<string, readonly string[]>>;
  /** What `forget` takes out of a document. */
  readonly personal: readonly string[];
}

type Field<Doc> = keyof Doc & string;

export interface Collection<Doc extends object, Key extends Field<Doc>, Index extends string, Name extends string = string>
  extends Shape {
  readonly name: Name;
  readonly key: readonly Key[];
  readonly indexes: Readonly<Record<Index, readonly Field<Doc>[]>>;
  readonly personal: readonly Field<Doc>[];
  /** Carries the type; never there. */
  readonly document?: Doc;
}

export const collectionOf =
  <Doc extends object>() =>
  <const Name extends string, const Key extends Field<Doc>, const Index extends string>(declared: {
    readonly name: Name;
    readonly fields: { readonly [Name in Field<Doc>]?: FieldType };
    readonly key: readonly Key[];
    readonly indexes: Readonly<Record<Index, readonly Field<Doc>[]>>;
    readonly personal: readonly Field<Doc>[];
  }): Collection<Doc, Key, Index, Name> => {
    const fields = declared.fields as Shape['fields'];
    const used = [...declared.key, ...Object.values<readonly string[]>(declared.indexes).flat()];
    const untyped = used.find((field) => fields[field] === undefined);
    if (untyped !== undefined) throw new Error(`Collection ${declared.name} does not say what type its field ${untyped} has.`);
    return { ...declared, fields };
  };

/** The values of some fields in the order given; `undefined` when the document lacks one of them. */
export function valuesOf(shape: Shape, names: readonly string[], doc: Fields): readonly Scalar[] | undefined {
  const values: Scalar[] = [];
  for (const name of names) {
    const value = doc[name];
    if (value === undefined) return undefined;
    values.push(checked(shape, name, value));
  }
  return values;
}

/** The values of the key. A key that lacks a field is a defect. */
export function keyOf(shape: Shape, doc: Fields): readonly Scalar[] {
  const values = valuesOf(shape, shape.key, doc);
  if (values === undefined) throw new Error(`A key of ${shape.name} needs the fields ${shape.key.join(', ')}.`);
  return values;
}

/** The fields that order an index, or the key when no index is named: those declared, then the rest of the key. */
export function orderOf(shape: Shape, index: string | undefined): readonly string[] {
  if (index === undefined) return shape.key;
  const declared = shape.indexes[index];
  if (declared === undefined) throw new Error(`Collection ${shape.name} has no index ${index}.`);
  return [...declared, ...shape.key.filter((field) => !declared.includes(field))];
}

/** How many leading fields of an order have a value asked for; a value for a field that is not among them is a defect. */
export function leadingOf(shape: Shape, order: readonly string[], equal: Fields): readonly Scalar[] {
  const names = Object.keys(equal).filter((name) => equal[name] !== undefined);
  const leading = order.slice(0, names.length);
  const stray = names.find((name) => !leading.includes(name));
  if (stray !== undefined) throw new Error(`${stray} is not a leading field of [${order.join(', ')}] in ${shape.name}.`);
  return leading.map((name) => checked(shape, name, equal[name]));
}

function checked(shape: Shape, name: string, value: unknown): Scalar {
  const fits =
    shape.fields[name] === 'integer' ? Number.isSafeInteger(value) && (value as number) >= 0 : typeof value === 'string';
  if (!fits) throw new Error(`Field ${name} of ${shape.name} is declared ${shape.fields[name]} and got ${typeof value}.`);
  return value as Scalar;
}

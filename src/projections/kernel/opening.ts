/**
 * Views hold personal values as they were sealed and open them on read, so that what was erased is gone at once.
 * A whole answer is opened in one call, however many values stand in it.
 */
import { type Erased, isErased, isSealed, type Sealed } from '../../domain/kernel/personal.js';

/** Opens sealed values in the order asked; `Erased` where the key is gone. */
export type Open = (values: readonly Sealed[]) => Promise<readonly ({ readonly value: unknown } | Erased)[]>;

type Plain = string | number | boolean | null | undefined;

/** The same answer with nothing sealed left in it. */
export type Opened<Value> = Value extends Sealed
  ? never
  : Value extends Plain
    ? Value
    : Value extends readonly (infer Item)[]
      ? readonly Opened<Item>[]
      : { readonly [Name in keyof Value]: Opened<Value[Name]> };

export async function opened<Value>(answer: Value, open: Open): Promise<Opened<Value>> {
  const sealed: Sealed[] = [];
  collect(answer, sealed);
  const values = sealed.length === 0 ? [] : await open(sealed);
  let next = 0;
  const replace = (value: unknown): unknown => {
    if (isSealed(value)) {
      const plain = values[next++];
      if (plain === undefined) throw new Error('Fewer values came back than were given to be opened.');
      return isErased(plain) ? plain : plain.value;
    }
    if (Array.isArray(value)) return value.map(replace);
    if (typeof value !== 'object' || value === null) return value;
    const shown: Record<string, unknown> = {};
    for (const name in value) shown[name] = replace((value as Record<string, unknown>)[name]);
    return shown;
  };
  return replace(answer) as Opened<Value>;
}

function collect(value: unknown, into: Sealed[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (isSealed(value)) into.push(value);
  else if (Array.isArray(value)) for (const item of value) collect(item, into);
  else for (const name in value) collect((value as Record<string, unknown>)[name], into);
}

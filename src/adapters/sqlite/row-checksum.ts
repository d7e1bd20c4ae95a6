/**
 * A CRC-32 beside the values of a row. SQLite takes what the disk gives it: a bit that was flipped in a value would be
 * read, believed and acted on. It finds accidents, not attackers: what must not be forged is sealed (ADR 0026).
 * What it covers and in which order is stored: a change is a new schema.
 */
import { crc32 } from 'node:zlib';
import { StartRefused } from '../../application/ports/failures.js';

export type SqlValue = string | number | null | Uint8Array;

/** The column that holds it, wherever there is one. */
export const CHECKSUM = 'checksum';

/** What a table holds is not what was written: nothing that is derived from it may be answered, and no start stands on it. */
export class DamagedRow extends StartRefused {
  constructor(table: string) {
    super(`A row of ${table} was damaged on the disk: restore the file from a backup, or remove it if it holds views only.`);
  }
}

/** A value's kind is covered with it, and where it ends. */
export function rowChecksum(values: readonly SqlValue[]): number {
  let sum = 0;
  let text = '';
  for (const value of values) {
    if (typeof value === 'string') text += `s${value.length} ${value}`;
    else if (typeof value === 'number') text += `n${value} `;
    else if (value === null) text += '-';
    else {
      sum = crc32(value, crc32(`${text}b${value.length} `, sum));
      text = '';
    }
  }
  return crc32(text, sum);
}

export function assertChecksum(table: string, checksum: number, values: readonly SqlValue[]): void {
  if (rowChecksum(values) !== checksum) throw new DamagedRow(table);
}

export type Checked<Row> = Row & { readonly checksum: number };

/** A row with its checksum, over the values in the order of the row's names, which is that of the table's columns. */
export const checked = <Row extends object>(row: Row): Checked<Row> => ({
  ...row,
  checksum: rowChecksum(Object.values(row) as SqlValue[]),
});

export function unchecked<Row extends object>(table: string, { checksum, ...row }: Checked<Row>): Row {
  assertChecksum(table, checksum, Object.values(row) as SqlValue[]);
  return row as unknown as Row;
}

/** The result for people. */
import { readable } from './figures.mjs';

const COLUMNS = ['item', 'ours', 'reference', 'ratio [quartiles]', 'now', 'wanted', ''];

export function printTable(lines, print) {
  const rows = [COLUMNS, ...lines.map(rowOf)];
  const widths = COLUMNS.map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  print('');
  for (const row of rows)
    print(row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  '));
}

function rowOf({ id, variant, unit, ours, reference, ratio, target, void: reason }) {
  const { median, p25, p75 } = ratio;
  const asked = (value) =>
    value === undefined
      ? ''
      : `${target.max === undefined ? '>=' : '<='} ${value}${target.unit === undefined ? '' : ` ${target.unit}`}`;
  return [
    `(${id}) ${variant}, ${unit}`,
    readable(ours),
    readable(reference),
    `${median.toFixed(2)} [${p25.toFixed(2)}-${p75.toFixed(2)}]`,
    asked(target?.max ?? target?.min),
    asked(target?.wanted),
    reason === undefined ? verdict(target) : `void: ${reason}`,
  ];
}

function verdict(target) {
  if (target === undefined) return 'no target';
  if (target.metAsWanted) return 'met, as wanted';
  return target.met ? 'met' : 'NOT met';
}

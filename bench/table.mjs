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

/** A target is a ratio, or, when it is absolute, a value of ours in the unit of the line. */
function rowOf({ id, variant, unit, ours, reference, ratio, now, wanted, isLess, isAbsolute, isVoid }) {
  const sign = isLess ? '<=' : '>=';
  const target = (value) => (value === undefined ? '' : `${sign} ${value}${isAbsolute ? ` ${unit}` : ''}`);
  const { median, p25, p75 } = ratio;
  return [
    `(${id}) ${variant}, ${unit}`,
    readable(ours),
    readable(reference),
    `${median.toFixed(2)} [${p25.toFixed(2)}-${p75.toFixed(2)}]`,
    target(now),
    target(wanted),
    verdict({ reached: isAbsolute ? ours : median, now, wanted, isLess, isVoid }),
  ];
}

function verdict({ reached, now, wanted, isLess, isVoid }) {
  if (isVoid) return 'void: the machine did not hold still';
  if (now === undefined) return '';
  const reaches = (target) => (isLess ? reached <= target : reached >= target);
  if (wanted !== undefined && reaches(wanted)) return 'met, as wanted';
  return reaches(now) ? 'met' : 'NOT met';
}

/** Goal: what the board and the alerts ask for is what the server shows, so that no panel is empty and no alert is silent. */
import { describe, expect, it } from '@jest/globals';
import { type LabelName, type MetricRow, metrics, processMetrics } from '../../src/adapters/metrics/metrics-table.js';
import { textOf } from './source-files.js';

interface Target {
  readonly expr: string;
}

interface Board {
  readonly panels: readonly { readonly title: string; readonly targets: readonly Target[] }[];
}

const board = JSON.parse(textOf('ops/grafana-board.json')) as Board;
const alertLines = textOf('ops/alerts.yaml').split('\n');
const valuesOf = (key: string): string[] =>
  alertLines.flatMap((line) => new RegExp(`^\\s+(?:- )?${key}: (.+)$`).exec(line)?.[1] ?? []);

/** Prometheus gives `up` itself, to every target. */
const GIVEN = ['up'];
const FUNCTIONS = ['sum', 'rate', 'increase', 'histogram_quantile', 'topk', 'by', 'time'];

/** The metrics of an expression with the labels that it asks for. */
function asked(expression: string): { readonly name: string; readonly labels: readonly string[] }[] {
  const plain = expression.replaceAll(/by \(([^)]*)\)/g, ' ').replaceAll(/\[[^\]]*\]/g, ' ');
  return [...plain.matchAll(/([a-z_][a-z_0-9]*)(?:\{([^}]*)\})?/gi)]
    .map(([, name = '', given = '']) => ({ name, labels: [...given.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label) }))
    .filter(({ name }) => !FUNCTIONS.includes(name) && !/^e?\d/.test(name));
}

function problemsOf(expression: string): string[] {
  return asked(expression).flatMap(({ name, labels }) => {
    if (GIVEN.includes(name) || (processMetrics as readonly string[]).includes(name)) return [];
    const base = name.replace(/_(?:bucket|sum|count)$/, '');
    const row: MetricRow | undefined =
      (metrics as Record<string, MetricRow>)[name] ?? (metrics as Record<string, MetricRow>)[base];
    if (row === undefined) return [`${name} is no metric.`];
    if (base !== name && row.type !== 'histogram') return [`${name} is no histogram.`];
    return labels.filter((label) => !row.labels?.includes(label as LabelName)).map((label) => `${name} has no label ${label}.`);
  });
}

const boardExpressions = board.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

describe('the files for operators', () => {
  it('have a board whose every panel asks for metrics that there are', () => {
    expect(board.panels.length).toBeGreaterThan(10);
    expect(board.panels.filter(({ targets }) => targets.length === 0)).toEqual([]);
    expect(boardExpressions.flatMap(problemsOf)).toEqual([]);
  });

  it('have alerts over metrics that there are, each with a name of its own, a severity and a summary', () => {
    const names = valuesOf('alert');
    expect(names.length).toBeGreaterThan(10);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^Sottovoce[A-Z]\w+$/.test(name))).toEqual([]);
    for (const key of ['expr', 'summary']) expect(valuesOf(key)).toHaveLength(names.length);
    expect(valuesOf('labels').filter((given) => /^\{ severity: (?:page|ticket) \}$/.test(given))).toHaveLength(names.length);
    expect(valuesOf('expr').flatMap(problemsOf)).toEqual([]);
  });

  it('have a case in which every alert is raised, over series of metrics that there are', () => {
    const cases = textOf('ops/alerts.test.yaml');
    const raised = [...cases.matchAll(/alertname="(\w+)",severity="(\w+)"/g)].map(([, name, severity]) => `${name} ${severity}`);
    const severities = valuesOf('labels').flatMap((given) => /severity: (\w+)/.exec(given)?.[1] ?? []);
    expect(raised).toEqual(valuesOf('alert').map((name, at) => `${name} ${severities[at]}`));
    const series = [...cases.matchAll(/- \{ series: (?:'(.+?)'|(\w+)),/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    expect(series.length).toBeGreaterThan(30);
    const given = (expression: string) => expression.replaceAll(/\b(?:job="sottovoce"|le="[^"]+"),?/g, '');
    expect(series.map(given).flatMap(problemsOf)).toEqual([]);
  });

  it('are indented as YAML is: by two spaces a step, with no tabs', () => {
    const lines = alertLines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
    expect(lines.filter((line) => line.includes('\t') || (/^ */.exec(line)?.[0].length ?? 0) % 2 !== 0)).toEqual([]);
    expect(valuesOf('summary').filter((text) => /^["'[{&*!|>%@`]|: |\s#/.test(text))).toEqual([]);
  });
});

describe('probes of the files for operators', () => {
  it('see a metric, a histogram and a label that there are not', () => {
    expect(problemsOf('rate(sottovoce_gone_total[5m]) > 0')).toEqual(['sottovoce_gone_total is no metric.']);
    expect(problemsOf('sottovoce_ready_bucket')).toEqual(['sottovoce_ready_bucket is no histogram.']);
    expect(problemsOf('sottovoce_file_bytes{who="x"}')).toEqual(['sottovoce_file_bytes has no label who.']);
    expect(problemsOf('sum by (le) (rate(sottovoce_store_commit_works_bucket[5m]))')).toEqual([]);
  });
});

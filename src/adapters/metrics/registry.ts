/**
 * The metrics of the table. Counting is a look-up in a map and an addition to a plain number; `prom-client` gives the form
 * and the numbers of the process, and is asked only when somebody reads. (Its own counters cost about eight times as much.)
 */
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import { type LabelName, type MetricName, type MetricRow, metrics } from './metrics-table.js';

type NamesOf<Type extends MetricRow['type']> = {
  readonly [Name in MetricName]: (typeof metrics)[Name]['type'] extends Type ? Name : never;
}[MetricName];

/** One line of a metric, or the lines of one histogram. */
interface Series {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
  /** How many values each bucket took by itself; the last is for what lies above all bounds. */
  readonly counts: number[];
}

interface Family {
  readonly row: MetricRow;
  readonly series: Map<string, Series>;
}

/** Lists of values that come from elsewhere in the code, by label. */
export type ClosedLabels = Readonly<Partial<Record<LabelName, readonly string[]>>>;

/** Names that the code knows and nobody outside chooses; beyond that many there is a mistake, and it is not paid for in memory. */
const VALUES_MAX = 200;
const OTHER = 'other';
const LABEL_VALUE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const NONE: readonly string[] = [];

export class MetricsRegistry {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  private readonly registry = new Registry();
  private readonly families = new Map<string, Family>();
  private readonly seen = new Map<LabelName, Set<string>>();
  private readonly closed: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(closed: ClosedLabels) {
    this.closed = new Map(Object.entries(closed).map(([label, values]) => [label, new Set(values)]));
    collectDefaultMetrics({ register: this.registry });
    for (const [name, row] of Object.entries<MetricRow>(metrics)) {
      const family = { row, series: new Map<string, Series>() };
      this.families.set(name, family);
      if (row.labels === undefined) this.series(name as MetricName, NONE);
      this.registry.registerMetric(shown(name, family));
    }
  }

  count(name: NamesOf<'counter'>, values: readonly string[] = NONE, by = 1): void {
    this.series(name, values).value += by;
  }

  /** Brings a counter up to what somebody else has counted. */
  countTo(name: NamesOf<'counter'>, total: number, values: readonly string[]): void {
    this.series(name, values).value = total;
  }

  observe(name: NamesOf<'histogram'>, value: number, values: readonly string[] = NONE): void {
    const series = this.series(name, values);
    const bounds: readonly number[] = metrics[name].buckets;
    let at = 0;
    while (at < bounds.length && value > bounds[at]!) at += 1;
    series.counts[at]! += 1;
    series.value += value;
  }

  set(name: NamesOf<'gauge'>, value: number, values: readonly string[] = NONE): void {
    this.series(name, values).value = value;
  }

  show(): Promise<string> {
    return this.registry.metrics();
  }

  private series(name: MetricName, values: readonly string[]): Series {
    const { series, row } = this.families.get(name)!;
    const found = series.get(values.length === 1 ? values[0]! : values.join(' '));
    return found ?? this.newSeries(series, row, values);
  }

  /** What a client made up is counted as `other`, and is not remembered under its own name. */
  private newSeries(series: Map<string, Series>, { labels = [], buckets = [] }: MetricRow, values: readonly string[]): Series {
    const named = labels.map((label, at) => this.value(label, values[at] ?? OTHER));
    const key = named.join(' ');
    const found = series.get(key);
    if (found !== undefined) return found;
    const counts = new Array<number>(buckets.length + 1).fill(0);
    const made = { labels: Object.fromEntries(labels.map((label, at) => [label, named[at]!])), value: 0, counts };
    series.set(key, made);
    return made;
  }

  private value(label: LabelName, value: string): string {
    const closed = this.closed.get(label);
    if (closed !== undefined) return closed.has(value) ? value : OTHER;
    const seen = this.seen.get(label) ?? new Set();
    this.seen.set(label, seen);
    if (!LABEL_VALUE.test(value) || (seen.size >= VALUES_MAX && !seen.has(value))) return OTHER;
    seen.add(value);
    return value;
  }
}

/** As a registry of `prom-client` asks a metric for its lines. */
function shown(name: string, { row, series }: Family): Metric {
  const { type, help } = row;
  const get = async () => {
    const all = [...series.values()];
    const values = type === 'histogram' ? all.flatMap((one) => linesOf(name, row, one)) : all;
    return { name, help, type, aggregator: 'sum', values };
  };
  return { name, get } as unknown as Metric;
}

function linesOf(name: string, { buckets = [] }: MetricRow, { labels, value, counts }: Series) {
  let count = 0;
  const upTo = [...buckets.map(String), '+Inf'].map((le, at) => {
    count += counts[at]!;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
  });
  return [...upTo, { metricName: `${name}_sum`, labels, value }, { metricName: `${name}_count`, labels, value: count }];
}

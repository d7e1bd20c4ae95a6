/** What an operator sees of two people who talk: numbers of everything that happened, and nothing of who it was. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type MetricRow, metrics, processMetrics } from '../../src/adapters/metrics/metrics-table.js';
import { workerJobNames } from '../../src/application/worker/jobs.js';
import { openInstruments } from '../../src/instruments.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person } from '../support/person.js';
import { until } from '../support/until.js';

const ID = /[0-9a-f]{8}-[0-9a-f]{4}/;

describe('the operators’ door', () => {
  let app: AppUnderTest;
  let url: string;
  beforeAll(async () => {
    const instruments = await openInstruments({ admin: { host: '127.0.0.1', port: 0 } });
    app = await openApp({
      instruments,
      limits: { lookupsPerAccountMinuteMax: 1 },
      traffic: { ephemeral: { accountMax: 1, addressMax: 9 } },
    });
    const opened = app.logged.map((line) => JSON.parse(line)).find(({ event }) => event === 'operators-door-open');
    url = opened.url;
  });
  afterAll(() => app.close());

  const show = async () => (await fetch(`${url}/metrics`)).text();
  const numberOf = async (sample: string): Promise<number> => {
    const line = (await show()).split('\n').find((one) => one.startsWith(`${sample} `));
    return line === undefined ? Number.NaN : Number(line.slice(sample.length));
  };

  it('counts what happened, by names of the code, and holds no id', async () => {
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    const [adas, bens] = [await ada.online(), await ben.online()];
    const conversationId = await ada.directWith(ben);
    const messageId = crypto.randomUUID();
    await adas.ask('send-message', { conversationId, messageId, content: { type: 'text', text: 'Hello, Ben' } });
    await bens.next((frame) => frame.type === 'message-posted');
    await adas.next((frame) => frame.type === 'message-posted');
    const encoded = await numberOf('sottovoce_facts_encoded_total');
    await adas.ask('send-message', {
      conversationId,
      messageId: crypto.randomUUID(),
      content: { type: 'text', text: 'And you?' },
    });
    await bens.next((frame) => frame.type === 'message-posted');
    expect(await numberOf('sottovoce_facts_encoded_total')).toBe(encoded + 1);
    await adas.ask('remove-message', { conversationId, messageId: crypto.randomUUID() });
    await adas.ask('nobody-knows-this', {});
    await adas.ask('set-background', { background: false });
    for (let times = 0; times < 2; times += 1) {
      await ada.call('POST', '/v1/account-lookups', { kind: 'phone', value: ben.number });
    }
    const refused = await fetch(`${app.url}/v1/socket`, {
      headers: { connection: 'upgrade', upgrade: 'websocket' },
    }).catch(() => undefined);
    expect(refused?.status ?? 400).toBeGreaterThanOrEqual(400);

    expect(await numberOf('sottovoce_sockets_open')).toBe(2);
    expect(await numberOf('sottovoce_socket_frames_total{frame="send-message",outcome="ok"}')).toBe(2);
    expect(await numberOf('sottovoce_socket_frames_total{frame="remove-message",outcome="message-not-found"}')).toBe(1);
    expect(await numberOf('sottovoce_socket_frames_total{frame="other",outcome="unknown-frame-type"}')).toBe(1);
    expect(await numberOf('sottovoce_socket_frame_duration_seconds_count{frame="send-message"}')).toBe(2);
    expect(await numberOf('sottovoce_commands_total{command="sendMessage",outcome="ok"}')).toBe(2);
    expect(await numberOf('sottovoce_http_requests_total{operation="findAccount",status="429"}')).toBe(1);
    expect(await numberOf('sottovoce_limit_refusals_total{limit="account-lookup"}')).toBe(1);
    expect(await numberOf('sottovoce_traffic_refusals_total{class="ephemeral",kind="account"}')).toBe(1);
    expect(await numberOf('sottovoce_store_events_appended_total')).toBe(await numberOf('sottovoce_store_head_position'));
    expect(await numberOf('sottovoce_store_commit_duration_seconds_count')).toBeGreaterThan(0);
    expect(await numberOf('sottovoce_key_calls_total{call="seal",outcome="ok"}')).toBeGreaterThan(0);
    expect(await numberOf('sottovoce_cache_lookups_total{cache="conversations",result="hit"}')).toBeGreaterThan(0);
    expect(await numberOf('sottovoce_file_bytes{file="events",part="wal"}')).toBeGreaterThan(0);
    expect(await numberOf('sottovoce_disk_free_bytes{folder="data"}')).toBeGreaterThan(0);
    expect(await numberOf('sottovoce_ready')).toBe(1);
    await until('all views are built', async () => (await numberOf('sottovoce_consumer_lag_events{consumer="projector"}')) === 0);
    expect(await numberOf('sottovoce_projection_lag_seconds{projection="conversation-timeline"}')).toBe(0);
    await adas.close();
    await until('the closing is counted', async () => (await numberOf('sottovoce_sockets_closed_total{code="1005"}')) === 1);
    expect(await show()).not.toMatch(ID);
    await bens.close();
  });

  it('counts the turns of the jobs, and shows each job before its first', async () => {
    const last = (name: string) => numberOf(`sottovoce_job_last_success_timestamp_seconds{job="${name}"}`);
    for (const name of workerJobNames) expect(await last(name)).toBeGreaterThanOrEqual(0);
    const job = 'job="keep-snapshots"';
    await until('a turn is counted', async () => (await numberOf(`sottovoce_job_turns_total{${job},outcome="ok"}`)) > 0);
    expect(await numberOf(`sottovoce_job_turn_duration_seconds_count{${job}}`)).toBeGreaterThan(0);
    expect(await numberOf(`sottovoce_job_items_total{${job}}`)).toBeGreaterThanOrEqual(0);
    expect(await last('keep-snapshots')).toBeGreaterThan(await numberOf('process_start_time_seconds'));
  });

  it('shows the metrics of the table and of the process, and no others', async () => {
    const shown = [...(await show()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
      ([, name, type]) => [name ?? '', type ?? ''] as const,
    );
    const listed = Object.entries<MetricRow>(metrics).map(([name, { type }]) => [name, type] as const);
    expect(shown.filter(([name]) => name.startsWith('sottovoce_')).sort()).toEqual([...listed].sort());
    const others = shown.map(([name]) => name).filter((name) => !name.startsWith('sottovoce_'));
    expect(others.sort()).toEqual([...processMetrics].sort());
  });

  it('answers health, and knows nothing else', async () => {
    expect(await (await fetch(`${url}/health/ready`)).json()).toMatchObject({ status: 'ready', store: 'up' });
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    for (const path of ['/', '/metrics/', '/v1/server', '/constructor']) expect((await fetch(url + path)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404);
  });

  it('is not on the public port', async () => {
    expect((await fetch(`${app.url}/metrics`)).status).toBe(404);
  });
});

describe('without a port for operators', () => {
  it('there is nothing that counts', async () => {
    const { doors, commits } = await openInstruments({ admin: { host: '127.0.0.1' } });
    expect(doors).toEqual({});
    expect(commits).toBeUndefined();
  });
});

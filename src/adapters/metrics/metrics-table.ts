/**
 * TABLE metrics: every number that `/metrics` shows. Names and labels are stored names: boards and alerts hang on them.
 * A label takes its values from a closed list, or from names that stand in the code; never an id, an address or a path, so
 * that no number is of a person. `docs/reference/metrics.md` is generated from here (ADR 0030).
 */

export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly unit?: 'seconds' | 'bytes' | 'events' | 'ratio';
  readonly labels?: readonly LabelName[];
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[];
}

/** Where the values of each label come from. A value that is not on a closed list is shown as `other`. */
export const labels = {
  operation: 'the `operationId` of the REST door, or `other`',
  status: 'the HTTP status',
  frame: 'the types of client frames, or `other`',
  outcome: '`ok`, or what the row says',
  command: 'the use cases',
  code: 'the close codes of the socket',
  reason: 'the error codes of a refused upgrade',
  file: '`events`, `keys`, `accounts`, `read`',
  part: '`data` or `wal`, the write-ahead log',
  folder: '`data` or `keys`',
  projection: 'the projections',
  consumer: 'the reactions, `fan-out` and `projector`',
  job: 'the jobs of the worker',
  limit: 'the names of the limits',
  class: 'the classes of traffic',
  kind: '`account` or `address`',
  call: 'the methods of the key store',
  cache: '`conversations` or `keys`',
  result: '`hit` or `miss`',
  version: 'the version of Sottovoce',
} as const;

export type LabelName = keyof typeof labels;

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const COUNTS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];

export const metrics = {
  sottovoce_info: { type: 'gauge', help: 'Always 1, with the version as label.', labels: ['version'] },
  sottovoce_ready: { type: 'gauge', help: '1 when `/health/ready` says ready, else 0.' },

  sottovoce_http_requests_total: {
    type: 'counter',
    help: 'REST requests answered, by operation and status.',
    labels: ['operation', 'status'],
  },
  sottovoce_http_request_duration_seconds: {
    ...{ type: 'histogram', unit: 'seconds', labels: ['operation'], buckets: SECONDS },
    help: 'From the head of a REST request to the end of its answer.',
  },
  sottovoce_commands_total: {
    type: 'counter',
    help: 'Use cases run by either door; `outcome` is `ok`, the error code of the refusal, or `failed`. Sends are `sendMessage`.',
    labels: ['command', 'outcome'],
  },
  sottovoce_command_duration_seconds: {
    ...{ type: 'histogram', unit: 'seconds', labels: ['command'], buckets: SECONDS },
    help: 'From the dispatch of a use case to its outcome; for a write that includes the disk.',
  },

  sottovoce_sockets_open: { type: 'gauge', help: 'Sockets that are open now.' },
  sottovoce_sockets_opened_total: { type: 'counter', help: 'Sockets opened.' },
  sottovoce_sockets_closed_total: { type: 'counter', help: 'Sockets closed, by close code.', labels: ['code'] },
  sottovoce_socket_upgrades_refused_total: { type: 'counter', help: 'Upgrades refused, by error code.', labels: ['reason'] },
  sottovoce_socket_frames_total: {
    type: 'counter',
    help: 'Client frames answered; `outcome` is `ok` or the error code of the reply.',
    labels: ['frame', 'outcome'],
  },
  sottovoce_socket_frame_duration_seconds: {
    ...{ type: 'histogram', unit: 'seconds', labels: ['frame'], buckets: SECONDS },
    help: 'From a client frame to its reply; of `send-message` this is the time to the ack.',
  },
  sottovoce_socket_unsent_bytes: { type: 'gauge', unit: 'bytes', help: 'Bytes that sockets have not taken yet, of all sockets.' },
  sottovoce_socket_unsent_bytes_max: { type: 'gauge', unit: 'bytes', help: 'The same, of the slowest socket.' },
  sottovoce_socket_waiting_facts: { type: 'gauge', help: 'Facts held for sockets that are catching up.' },
  sottovoce_socket_commands_in_flight: { type: 'gauge', help: 'Commands of sockets that are under way.' },
  sottovoce_facts_encoded_total: {
    type: 'counter',
    help: 'Facts made into bytes for sockets: once for each wire format, however many sockets they go to.',
  },

  sottovoce_store_head_position: {
    type: 'gauge',
    unit: 'events',
    help: 'Position of the newest event: all events ever written.',
  },
  sottovoce_store_appends_total: {
    type: 'counter',
    help: 'Writes to streams; `outcome` is `ok`, `wrong-expected-revision`, `removed`, `unavailable` or `unknown`.',
    labels: ['outcome'],
  },
  sottovoce_store_events_appended_total: { type: 'counter', unit: 'events', help: 'Events appended.' },
  sottovoce_store_append_duration_seconds: {
    ...{ type: 'histogram', unit: 'seconds', buckets: SECONDS },
    help: 'From an append to its being on disk, waiting for the commit before it included.',
  },
  sottovoce_store_commit_duration_seconds: {
    ...{ type: 'histogram', unit: 'seconds', buckets: SECONDS },
    help: 'One transaction of the events file, its flush to the disk included.',
  },
  sottovoce_store_commit_works: { type: 'histogram', help: 'Pieces of work that one commit carried.', buckets: COUNTS },
  sottovoce_store_commits_failed_total: {
    type: 'counter',
    help: 'Commits that failed; `outcome` is `not-done` or `unknown`.',
    labels: ['outcome'],
  },
  sottovoce_file_bytes: { type: 'gauge', unit: 'bytes', help: 'Sizes of the files of the stores.', labels: ['file', 'part'] },
  sottovoce_disk_free_bytes: { type: 'gauge', unit: 'bytes', help: 'What is left of the disk of a folder.', labels: ['folder'] },

  sottovoce_projection_position: { type: 'gauge', unit: 'events', help: 'Up to where a view is built.', labels: ['projection'] },
  sottovoce_projection_lag_events: {
    ...{ type: 'gauge', unit: 'events', labels: ['projection'] },
    help: 'Events that a view does not show yet.',
  },
  sottovoce_projection_lag_seconds: {
    ...{ type: 'gauge', unit: 'seconds', labels: ['projection'] },
    help: 'Age of the oldest event that a view does not show yet; 0 when there is none.',
  },
  sottovoce_consumer_lag_events: {
    ...{ type: 'gauge', unit: 'events', labels: ['consumer'] },
    help: 'Events that a consumer of the feed has not done yet.',
  },
  sottovoce_consumer_lag_seconds: {
    ...{ type: 'gauge', unit: 'seconds', labels: ['consumer'] },
    help: 'Age of the oldest event that a consumer of the feed has not done yet; 0 when there is none.',
  },

  sottovoce_job_turns_total: {
    type: 'counter',
    help: 'Turns of the jobs of the worker; `outcome` is `ok` or, when a store was away, `failed`.',
    labels: ['job', 'outcome'],
  },
  sottovoce_job_items_total: {
    type: 'counter',
    help: 'What the turns have done, each job in things of its own.',
    labels: ['job'],
  },
  sottovoce_job_turn_duration_seconds: {
    ...{ type: 'histogram', unit: 'seconds', labels: ['job'], buckets: SECONDS },
    help: 'One turn of a job.',
  },
  sottovoce_job_last_success_timestamp_seconds: {
    ...{ type: 'gauge', unit: 'seconds', labels: ['job'] },
    help: 'When a turn last ended well, by the clock of the server; 0 before the first.',
  },

  sottovoce_limit_refusals_total: { type: 'counter', help: 'What a limit refused, by limit.', labels: ['limit'] },
  sottovoce_traffic_refusals_total: {
    type: 'counter',
    help: 'Requests, frames and upgrades that a limit on traffic refused, by class, and by whether it was the account or the address.',
    labels: ['class', 'kind'],
  },
  sottovoce_traffic_failures_total: {
    type: 'counter',
    help: 'Those that were let pass because a limit on traffic could not be counted.',
    labels: ['class', 'kind'],
  },
  sottovoce_limit_failures_total: { type: 'counter', help: 'Askings that the limiter could not answer.', labels: ['limit'] },
  sottovoce_key_calls_total: {
    type: 'counter',
    help: 'Calls of the key store; `outcome` is `ok` or `failed`.',
    labels: ['call', 'outcome'],
  },
  sottovoce_key_call_duration_seconds: {
    ...{ type: 'histogram', unit: 'seconds', labels: ['call'], buckets: SECONDS },
    help: 'Calls of the key store, with whatever they had to load.',
  },
  sottovoce_cache_lookups_total: {
    type: 'counter',
    help: 'Look-ups in caches: states of conversations, and calls of the key store that found all keys in memory.',
    labels: ['cache', 'result'],
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricName = keyof typeof metrics;

/** What `prom-client` itself shows of the process, under its own names; among them the event loop's delay, heap and collector. */
export const processMetrics = [
  'process_cpu_user_seconds_total',
  'process_cpu_system_seconds_total',
  'process_cpu_seconds_total',
  'process_start_time_seconds',
  'process_resident_memory_bytes',
  'process_virtual_memory_bytes',
  'process_heap_bytes',
  'process_open_fds',
  'process_max_fds',
  'nodejs_eventloop_lag_seconds',
  'nodejs_eventloop_lag_min_seconds',
  'nodejs_eventloop_lag_max_seconds',
  'nodejs_eventloop_lag_mean_seconds',
  'nodejs_eventloop_lag_stddev_seconds',
  'nodejs_eventloop_lag_p50_seconds',
  'nodejs_eventloop_lag_p90_seconds',
  'nodejs_eventloop_lag_p99_seconds',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_heap_size_total_bytes',
  'nodejs_heap_size_used_bytes',
  'nodejs_external_memory_bytes',
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_heap_space_size_available_bytes',
  'nodejs_version_info',
  'nodejs_gc_duration_seconds',
] as const;

export const metricKinds = ['counter', 'gauge', 'histogram', 'ratio'] as const
export type MetricKind = (typeof metricKinds)[number]

/** A service metric: what is counted, in which unit, and how figures of several things become one. */
export interface ServiceMetricDefinition {
  readonly name: string
  /** `ratio`: one counter by another, computed when it is asked for. */
  readonly kind: MetricKind
  /** UCUM: s, By, 1, {request} … */
  readonly unit: string
  readonly description: string
  /** Kinds of subjects that have it. */
  readonly of: readonly ('endpoint' | 'deployment' | 'job' | 'compute' | 'gateway' | 'server')[]
  /** What its parts are, e.g. requests/503 is the part of status 503. */
  readonly parts?: string
  /** Figures of several subjects: their sum, or the largest where a sum means nothing. */
  readonly together?: 'sum' | 'max'
  /** A counter that is a selection of the parts of another one. */
  readonly selects?: { readonly of: string; readonly from: number; readonly to: number; readonly but?: number }
  readonly divides?: readonly [counter: string, by: string]
}

const served = ['endpoint', 'deployment'] as const
const processes = ['deployment', 'job', 'compute', 'gateway', 'server'] as const
const counter = (name: string, unit: string, description: string) =>
  ({ name, kind: 'counter', unit, description }) as const
const gauge = (name: string, unit: string, description: string) => ({ name, kind: 'gauge', unit, description }) as const
const seconds = (name: string, description: string) => ({ name, kind: 'histogram', unit: 's', description }) as const
/** The caller went away before the answer: nobody's error. */
const callerWentAway = 499
const clientErrors = { from: 400, to: 499, but: callerWentAway } as const
const errors = { from: 500, to: 599 } as const

/** Every service metric there is. A part is written behind a slash: requests/503, event_lag/lineage. */
export const serviceMetricDefinitions: readonly ServiceMetricDefinition[] = [
  { ...counter('requests', '{request}', 'Requests, refused ones too'), of: served, parts: 'status' },
  {
    ...counter('errors', '{request}', 'Requests answered with 5xx'),
    of: served,
    selects: { of: 'requests', ...errors },
  },
  {
    ...counter('client_errors', '{request}', 'Requests answered with 4xx, except 499: the caller went away'),
    of: served,
    selects: { of: 'requests', ...clientErrors },
  },
  {
    ...{ name: 'error_rate', kind: 'ratio', unit: '1', description: 'Share of the requests answered with 5xx' },
    of: served,
    divides: ['errors', 'requests'],
  },
  { ...seconds('latency', 'From the whole request to its answer, refused ones left out'), of: served },
  { ...seconds('queue_wait', 'How long requests waited that found no free worker'), of: served },
  {
    ...{
      name: 'batch_size',
      kind: 'histogram',
      unit: '{request}',
      description: 'Requests that one predict call answered',
    },
    of: served,
  },
  { ...gauge('queue_length', '{request}', 'Requests that wait for a worker'), of: served },
  { ...gauge('requests_open', '{request}', 'Requests that wait or are being answered'), of: served },
  { ...gauge('workers', '{worker}', 'Workers that are wanted'), of: served },
  { ...gauge('workers_ready', '{worker}', 'Workers that answer'), of: served },
  { ...counter('worker_restarts', '{worker}', 'Workers that ended unasked'), of: served },
  { ...counter('cold_starts', '{request}', 'Requests that found a sleeping deployment and woke it'), of: served },
  {
    ...counter('shadow_answers', '{request}', 'Mirrored requests by whether a shadow answered the same bytes as live'),
    of: served,
    parts: 'result',
  },
  { ...gauge('connections', '{connection}', 'Open connections of callers'), of: ['gateway'] },
  { ...gauge('cpu_cores', '{core}', 'Processor time by second, in cores'), of: processes },
  { ...gauge('memory_bytes', 'By', 'Resident memory'), of: processes },
  { ...gauge('jobs_running', '{job}', 'Steps that run and are measured'), of: ['compute'] },
  { ...counter('api_requests', '{request}', 'Calls of the API of the server'), of: ['server'], parts: 'status' },
  {
    ...counter('api_errors', '{request}', 'Calls of the API answered with 5xx'),
    of: ['server'],
    selects: { of: 'api_requests', ...errors },
  },
  { ...seconds('api_latency', 'Calls of the API, streams left out'), of: ['server'] },
  { ...seconds('database_latency', 'Transactions of the database, from asking to the commit'), of: ['server'] },
  {
    ...gauge('event_lag', '{event}', 'Events that a consumer has not handled yet'),
    ...{ of: ['server'], parts: 'consumer', together: 'max' },
  },
  {
    ...gauge('tasks_waiting', '{task}', 'Tasks that are due and wait'),
    ...{ of: ['server'], parts: 'kind', together: 'max' },
  },
  {
    ...gauge('tasks_running', '{task}', 'Tasks that are being carried out'),
    ...{ of: ['server'], parts: 'kind', together: 'max' },
  },
  { ...gauge('machine_cpu_cores', '{core}', 'Cores that are busy on the machine'), of: ['server'], together: 'max' },
  { ...gauge('machine_memory_bytes', 'By', 'Memory in use on the machine'), of: ['server'], together: 'max' },
  { ...gauge('disk_free_bytes', 'By', 'Room left for the data folder'), of: ['server'], together: 'max' },
  {
    ...gauge('gpu_utilization', '1', 'Share of the time that a GPU computes'),
    ...{ of: ['job', 'server'], parts: 'device', together: 'max' },
  },
  {
    ...gauge('gpu_memory_bytes', 'By', 'Memory in use on a GPU'),
    ...{ of: ['job', 'server'], parts: 'device', together: 'max' },
  },
]

const byName = new Map(serviceMetricDefinitions.map(one => [one.name, one]))

/** The definition behind a name as it is asked for, with or without a part; undefined when there is none. */
export function serviceMetricOf(name: string): ServiceMetricDefinition | undefined {
  const slash = name.indexOf('/')
  const found = byName.get(slash < 0 ? name : name.slice(0, slash))
  return slash >= 0 && found?.parts === undefined ? undefined : found
}

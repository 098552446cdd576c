import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningServer, stopServer } from '../../tools/demo/server.ts'
import { type Bench, type BenchContext, median, type Row, repeat } from '../bench.ts'
import { startHagane } from '../measure/hagane.ts'
import { processorTimeOf } from '../measure/resources.ts'

const EVENTS = 1_000_000
const PREDICTIONS = 10_000_000
const revision = '0123456789abcdef'
const hour = '2026-05-01T14'
const start = Date.parse(`${hour}:00:00.000Z`)
const cli = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'hagane.js')

/** Verification of a long chain, and the trail of one prediction among many. */
export const audit: Bench = {
  name: 'audit',
  about: 'verification of 1 M events, trail of a prediction among 10 M',
  async run(context) {
    const data = join(context.folder, 'data')
    await stopServer(await startHagane(data))
    context.say(`${EVENTS} events and ${PREDICTIONS} records of predictions are made`)
    fillChain(join(data, 'hagane.db'))
    const id = fillPredictions(join(data, 'gateway', 'predictions', revision))
    const server = await startHagane(data)
    try {
      return await measured(context, server, `prediction:${id}`)
    } finally {
      await stopServer(server)
    }
  },
}

async function measured(context: BenchContext, server: RunningServer, of: string): Promise<Row[]> {
  const trail = `${server.url}/api/v1/audit/trail?of=${encodeURIComponent(of)}`
  context.say('the first trail waits until the chain has been read into its index')
  const first = performance.now()
  await answered(trail)
  context.say(`index of ${EVENTS} events after ${Math.round((performance.now() - first) / 1000)} s`)
  const pid = server.process.pid ?? 0
  const beforeTrails = await processorTimeOf(pid)
  const trails = await repeat(30, () => timed(() => answered(trail)))
  const beforeVerify = await processorTimeOf(pid)
  context.say('verification by the server')
  const verify = await timed(() => answered(`${server.url}/api/v1/audit/verify`, 'POST'))
  const afterVerify = await processorTimeOf(pid)
  context.say('export, and its verification without the server')
  const exported = join(context.folder, 'export.jsonl')
  const response = await fetch(`${server.url}/api/v1/audit/export`)
  await writeFile(exported, response.body as never)
  let offlineProcessor = ''
  const offline = await timed(async () => {
    const done = spawnSync(process.execPath, ['--import', tellProcessorTime, cli, 'audit', 'verify', exported], {
      encoding: 'utf8',
    })
    if (done.status !== 0) throw new Error(`the export does not verify: ${done.stdout}${done.stderr}`)
    offlineProcessor = /processor (\d+) ms/.exec(done.stderr)?.[1] ?? '?'
  })
  const worst = Math.max(...trails)
  return [
    {
      work: 'trail of 1 of 10 M predictions',
      unit: 'ms',
      ours: median(trails),
      target: { bound: 100 },
      note: `worst of 30: ${worst.toFixed(0)} ms; processor ${between(beforeTrails, beforeVerify, trails.length)} ms each`,
    },
    {
      ...{ work: 'verify 1 M events, server', unit: 'ms', ours: verify, target: { bound: 10_000 } },
      note: `processor ${between(beforeVerify, afterVerify)} ms`,
    },
    {
      work: 'verify 1 M events, export',
      unit: 'ms',
      ours: offline,
      target: { bound: 10_000 },
      note: `start of the command line included; processor ${offlineProcessor} ms`,
    },
  ]
}

/** Has a program tell the processor time that it took when it ends. */
const tellProcessorTime = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => { const { user, system } = process.cpuUsage(); process.stderr.write(`processor ${Math.round((user + system) / 1000)} ms\\n`) })",
)}`

/** Processor time of each of some acts, where the system tells it: on a machine that is shared it says more than the clock. */
const between = (before: number | undefined, after: number | undefined, count = 1): string =>
  before === undefined || after === undefined ? '?' : String(Math.round((after - before) / count))

async function timed(act: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await act()
  return performance.now() - from
}

async function answered(url: string, method = 'GET'): Promise<void> {
  for (let tries = 0; ; tries++) {
    const response = await fetch(url, { method, signal: AbortSignal.timeout(1_200_000) })
    const text = await response.text()
    if (response.ok && !text.startsWith('{"ok":false')) return
    if (tries === 3) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 300)}`)
    await sleep(1000)
  }
}

/**
 * Appends a model's life once, then a million events of jobs, as the server would, but straight into its database: by the API this alone
 * would take longer than all that is measured.
 */
function fillChain(file: string): void {
  const db = new DatabaseSync(file)
  const head = db.prepare('select seq, hash from event_head').get() as { seq: number; hash: string }
  let { seq, hash: prev } = head
  const insert = db.prepare('insert into events values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const append = (type: string, subject: string, value: unknown) => {
    seq += 1
    const time = new Date(start - (EVENTS - seq) * 1000).toISOString()
    const id = `01K${String(seq).padStart(23, '0')}`
    const fields = [seq, id, time, 'default', 'user:alice', `dev.hagane.${type}`, subject] as const
    const text = JSON.stringify(value)
    const own = hash('sha256', prev + JSON.stringify(fields) + text)
    insert.run(...fields, text, prev, own)
    prev = own
  }
  db.exec('pragma cache_size = -500000; pragma synchronous = off')
  db.exec('begin')
  const place = { deployment: 'blue', endpoint: 'flights' }
  append('model.version-created', 'model/flights:1', {
    job_name: 'train-1',
    name: 'flights',
    tree: 'c'.repeat(64),
    version: '1',
  })
  append('endpoint.created', 'endpoint/flights', { endpoint: 'flights' })
  append('endpoint.deployment-revised', 'deployment/flights/blue', {
    ...place,
    model: 'azureml:flights:1',
    revision_id: revision,
  })
  append('endpoint.deployment-ready', 'deployment/flights/blue', { ...place, revision_id: revision })
  append('endpoint.traffic-changed', 'endpoint/flights', {
    before: {},
    endpoint: 'flights',
    mirror_traffic: {},
    traffic: { blue: 100 },
  })
  while (seq < head.seq + EVENTS) {
    const name = `job-${seq % 50_000}`
    append(seq % 3 === 0 ? 'run.started' : 'run.finished', `run/${name}`, {
      note: 'x'.repeat(120),
      run_id: name,
      status: 'FINISHED',
    })
  }
  db.prepare('update event_head set seq = ?, hash = ?').run(seq, prev)
  db.exec('commit')
  db.close()
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

function ulidTime(time: number): string {
  let [left, text] = [time, '']
  for (let i = 0; i < 10; i++) [left, text] = [Math.floor(left / 32), (crockford[left % 32] ?? '0') + text]
  return text
}

const timeOf = (n: number): number => start + Math.floor((n * 3_600_000) / PREDICTIONS)
const digits = (n: number): string => String(n).padStart(16, '0')

/**
 * One hour of records as a gateway writes them, straight into its file; the id of one from the middle. Records differ in time and
 * number, which stand at the same places in each line, so a block of lines is made once and changed.
 */
function fillPredictions(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const file = openSync(join(folder, `${hour}.ndjson`), 'w')
  const lines = 10_000
  const digest = 'a'.repeat(64)
  const id = `pr-${revision}-${ulidTime(start)}`
  const first = `{"id":"${id}${digits(0)}","time":"${new Date(start).toISOString()}","workspace":"default","endpoint":"flights","deployment":"blue","revision":"${revision}","rows":1,"status":200,"latency_ms":1,"input_sha256":"${digest}","output_sha256":"${digest}"}\n`
  const [ulidAt, numberAt, timeAt] = [7 + id.length - 10, 7 + id.length, first.indexOf('"time":"') + 8]
  const block = Buffer.from(first.repeat(lines))
  let [ulid, time, last] = ['', '', -1]
  for (let n = 0; n < PREDICTIONS; n++) {
    const at = (n % lines) * first.length
    const now = timeOf(n)
    if (now !== last) [ulid, time, last] = [ulidTime(now), new Date(now).toISOString(), now]
    block.write(ulid, at + ulidAt, 'latin1')
    block.write(digits(n), at + numberAt, 'latin1')
    block.write(time, at + timeAt, 'latin1')
    if (n % lines === lines - 1) writeSync(file, block)
  }
  closeSync(file)
  const middle = Math.floor(PREDICTIONS * 0.61)
  return `pr-${revision}-${ulidTime(timeOf(middle))}${digits(middle)}`
}

import { createHash } from 'node:crypto'
import type { EventRecord, OpenLineageEvent } from '@hagane/contract'

type Data = Record<string, unknown>
type Dataset = OpenLineageEvent['inputs'][number]

/** What a job is known by beside the event: how it was submitted, what it read, what it made. */
export interface JobFacts {
  readonly submitted: EventRecord | undefined
  /** `data:<name>:<version>` and the like, as nodes of lineage. */
  readonly read: readonly string[]
  readonly made: readonly string[]
}

const PRODUCER = 'https://hagane.dev/openlineage'
const SPEC = 'https://openlineage.io/spec'
const types: Readonly<Record<string, OpenLineageEvent['eventType']>> = {
  'dev.hagane.job.starting': 'START',
  'dev.hagane.job.running': 'START',
  'dev.hagane.job.completed': 'COMPLETE',
  'dev.hagane.job.failed': 'FAIL',
  'dev.hagane.job.canceled': 'ABORT',
}

/** Which events of the chain become run events. */
export const JOB_EVENTS = Object.keys(types)

/** A UUID of version 5 (RFC 9562 §5.5) in the URL namespace, so that a job is the same run each time it is told of. */
export function runIdOf(workspace: string, job: string): string {
  const namespace = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex')
  const bytes = createHash('sha1')
    .update(namespace)
    .update(`hagane://${workspace}/jobs/${job}`)
    .digest()
    .subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

const facet = (name: string, version: string, values: Data) => ({
  _producer: PRODUCER,
  _schemaURL: `${SPEC}/facets/${version}/${name}.json#/$defs/${name}`,
  ...values,
})

/** A node of lineage as a dataset: assets by name with their version beside, other content by digest. */
function datasetOf(namespace: string, node: string): Dataset {
  const [kind = '', ...rest] = node.split(':')
  const own = rest.join(':')
  const at = own.lastIndexOf(':')
  if (at < 0) return { namespace, name: `${kind}/${own}` }
  const version = facet('DatasetVersionDatasetFacet', '1-0-1', { datasetVersion: own.slice(at + 1) })
  return { namespace, name: `${kind}/${own.slice(0, at)}`, facets: { version } }
}

/** The job behind its runs: what is submitted again under the same experiment and step is the same job. */
function jobName(submitted: EventRecord | undefined, name: string): string {
  const { experiment, step } = submitted?.data ?? {}
  if (typeof experiment !== 'string') return name
  return typeof step === 'string' ? `${experiment}.${step}` : experiment
}

/** The run event that an event of a job says; undefined for one that says none. Pure, so that it comes out the same each time. */
export function runEventOf(event: EventRecord, facts: JobFacts): OpenLineageEvent | undefined {
  const eventType = types[event.type]
  // a command has started before it runs; what has steps runs at once
  const isTold = event.type.endsWith('.running') && facts.submitted?.data.type === 'command'
  if (eventType === undefined || isTold) return undefined
  const { workspace, data } = event
  const name = String(data.name)
  const namespace = `hagane://${workspace}`
  const { type, parent } = facts.submitted?.data ?? {}
  const isEnd = eventType !== 'START'
  const runFacets = {
    ...(typeof parent === 'string' ? { parent: parentFacet(namespace, workspace, parent) } : {}),
    ...(eventType === 'FAIL' ? { errorMessage: errorFacet(data) } : {}),
  }
  const jobType = facet('JobTypeJobFacet', '2-0-3', {
    ...{ processingType: 'BATCH', integration: 'HAGANE', jobType: String(type ?? 'command').toUpperCase() },
  })
  return {
    eventType,
    eventTime: event.time,
    producer: PRODUCER,
    schemaURL: `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
    run: { runId: runIdOf(workspace, name), facets: runFacets },
    job: { namespace, name: jobName(facts.submitted, name), facets: { jobType } },
    inputs: facts.read.map(node => datasetOf(namespace, node)),
    outputs: isEnd ? facts.made.map(node => datasetOf(namespace, node)) : [],
  }
}

const parentFacet = (namespace: string, workspace: string, parent: string) =>
  facet('ParentRunFacet', '1-0-1', {
    run: { runId: runIdOf(workspace, parent) },
    job: { namespace, name: parent },
  })

const errorFacet = (data: Data) => {
  const { message } = (typeof data.error === 'object' && data.error !== null ? data.error : data) as Data
  const text = typeof message === 'string' ? message : 'the job failed'
  return facet('ErrorMessageRunFacet', '1-0-1', { message: text, programmingLanguage: 'UNKNOWN' })
}

import type { LineageNode } from '@hagane/contract'

type Data = Record<string, unknown>

interface Told {
  readonly type: string
  readonly subject: string
  readonly data: Data
}

/** What happens every hour or minute and is no decision: it would drown the rest of a story. */
export const ROUTINE = [
  'dev.hagane.endpoint.predictions-sealed',
  'dev.hagane.endpoint.data-collected',
  'dev.hagane.endpoint.feedback-received',
  'dev.hagane.audit.segment-rooted',
  'dev.hagane.audit.checkpoint-created',
]

const MOST = 24

/** `azureml:m:3`, `models:/m/3` and `m:3` as `model/m:3`; undefined for what names no version. */
function modelThing(text: string): string | undefined {
  const found = /^(?:azureml:|models:\/)?([^/:@]+)[:/]([^/:@]+)$/.exec(text)
  return found === null ? undefined : `model/${found[1]}:${found[2]}`
}

const named = (kind: string) => (text: string) => (/^[^/:]+(?::[^/:]+)?$/.test(text) ? `${kind}/${text}` : undefined)
const dataThing = (text: string) => {
  const found = /^(?:azureml:)?([^/:@]+:[^/:@]+)$/.exec(text)
  return found === null ? undefined : `data/${found[1]}`
}

/** Fields that name another thing, and how. */
const fields: Readonly<Record<string, (text: string) => string | undefined>> = {
  model: modelThing,
  candidate: modelThing,
  champion: modelThing,
  job: named('job'),
  job_name: named('job'),
  run_id: named('job'),
  reproduces: named('job'),
  reused_from: named('job'),
  data: dataThing,
  from: dataThing,
  gate: named('gate'),
  rollout: named('rollout'),
  monitor: named('monitor'),
  rule: named('rule'),
  endpoint: named('endpoint'),
  correlation_id: text => `correlation/${text}`,
}

/** What an event is about beside its subject, in the form of subjects. Pure, so that it can be found again from the chain alone. */
export function thingsOf({ type, subject, data }: Told): string[] {
  if (ROUTINE.includes(type)) return []
  const things = new Set<string>()
  const look = (part: Data, depth: number): void => {
    for (const [key, value] of Object.entries(part)) {
      if (typeof value === 'string' && value.length <= 600) {
        const thing = fields[key]?.(value)
        if (thing !== undefined) things.add(thing)
      } else if (depth > 0 && typeof value === 'object' && value !== null && !Array.isArray(value))
        look(value as Data, depth - 1)
    }
  }
  look(data, 1)
  const { endpoint, deployment, name, previous_version, lock_digest } = data
  if (typeof endpoint === 'string' && typeof deployment === 'string') things.add(`deployment/${endpoint}/${deployment}`)
  if (type.startsWith('dev.hagane.model.') && typeof previous_version === 'string')
    things.add(`model/${name}:${previous_version}`)
  if (typeof lock_digest === 'string') things.add(`lock/${lock_digest}`)
  things.delete(subject)
  return [...things].slice(0, MOST)
}

/** The subjects under which events tell of a node of lineage. */
export function subjectsOf({ kind, id, name }: Pick<LineageNode, 'kind' | 'id' | 'name'>): string[] {
  const own = id.slice(kind.length + 1)
  switch (kind) {
    case 'job':
      return [`job/${own}`, `run/${own}`]
    case 'model':
      return [`model/${own}`]
    case 'data':
      return [`data/${own}`]
    case 'component':
    case 'schedule':
      return [`${kind}/${own}`]
    case 'environment':
      return [`lock/${own}`]
    case 'deployment': {
      const place = own.split('@')[0] ?? name
      return [`deployment/${place}`, `batch-deployment/${place}`]
    }
    default:
      return []
  }
}

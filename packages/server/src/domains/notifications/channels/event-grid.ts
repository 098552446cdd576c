import type { SubscriptionChannel } from '@hagane/contract'
import type { EventRow } from '../../../kernel/events/index.ts'
import { type Channel, postJson, type Telling } from './channel.ts'

/** An event under the name that Azure ML's Event Grid source gives it. */
interface AzureEvent {
  type: string
  subject: string
  data: Record<string, unknown>
}

const source = 'Microsoft.MachineLearningServices'
const jobEnds: Readonly<Record<string, string>> = {
  'dev.hagane.job.completed': 'Completed',
  'dev.hagane.job.failed': 'Failed',
  'dev.hagane.job.canceled': 'Canceled',
}
const jobStates: Readonly<Record<string, string>> = {
  ...jobEnds,
  'dev.hagane.job.queued': 'Queued',
  'dev.hagane.job.running': 'Running',
}
const others = [
  'dev.hagane.model.version-created',
  'dev.hagane.endpoint.deployment-ready',
  'dev.hagane.monitor.breached',
]

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const map = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {})

/**
 * Azure ML's names for an event: https://learn.microsoft.com/azure/event-grid/event-schema-machine-learning. The end of a job is two of
 * them, as it is there. A monitor that found something is a run whose tag tells it, which is what filters ask for.
 */
export async function azureEvents(telling: Telling): Promise<AzureEvent[]> {
  const { event } = telling
  const { data } = telling.record()
  if (event.type in jobStates) return runEvents(telling, event.subject.replace(/^job\//, ''))
  if (event.type === 'dev.hagane.monitor.breached') return [breached(event, data)]
  if (event.type === 'dev.hagane.model.version-created') {
    const [name, version] = [text(data.name), text(data.version)]
    const facts = {
      ModelName: name,
      ModelVersion: version,
      ModelTags: map(data.tags),
      ModelProperties: map(data.properties),
    }
    return [{ type: `${source}.ModelRegistered`, subject: `models/${name}:${version}`, data: facts }]
  }
  if (event.type !== 'dev.hagane.endpoint.deployment-ready') return []
  const revised = await telling.earlier('dev.hagane.endpoint.deployment-revised', event.subject)
  const facts = {
    ServiceName: text(data.endpoint),
    ServiceComputeType: 'Managed',
    ModelIds: text(revised?.model).replace(/^azureml:/, ''),
    ServiceTags: {},
    ServiceProperties: { deployment: text(data.deployment), revision: text(data.revision_id) },
  }
  return [{ type: `${source}.ModelDeployed`, subject: `endpoints/${text(data.endpoint)}`, data: facts }]
}

async function runEvents(telling: Telling, run: string): Promise<AzureEvent[]> {
  const { event } = telling
  const submitted = await telling.earlier('dev.hagane.job.submitted', event.subject)
  const { tags = {}, experiment_id: id = '' } = (await telling.run(run)) ?? {}
  const facts = {
    ExperimentId: id,
    ExperimentName: text(submitted?.experiment),
    RunId: run,
    RunType: `azureml.${text(submitted?.type) || 'run'}`,
    RunTags: tags,
    RunProperties: map(submitted?.parameters),
  }
  const subject = `experiments/${id}/runs/${run}`
  const changed = { type: `${source}.RunStatusChanged`, subject, data: { ...facts, RunStatus: jobStates[event.type] } }
  const isCompleted = event.type === 'dev.hagane.job.completed'
  return isCompleted ? [{ type: `${source}.RunCompleted`, subject, data: facts }, changed] : [changed]
}

function breached(event: EventRow, data: Record<string, unknown>): AzureEvent {
  const [run, monitor] = [text(data.run), text(data.monitor) || event.subject.replace(/^monitor\//, '')]
  return {
    type: `${source}.RunStatusChanged`,
    subject: `experiments/${monitor}/runs/${run}`,
    data: {
      ...{ ExperimentId: monitor, ExperimentName: monitor, RunId: run, RunType: 'azureml.ModelMonitor' },
      ...{ RunTags: map(data.run_tags), RunProperties: { signal: text(data.signal) }, RunStatus: 'Completed' },
    },
  }
}

/** A list of events in Event Grid's schema, or of CloudEvents, with Azure's names. */
export function eventGridChannel(channel: Extract<SubscriptionChannel, { type: 'event_grid' }>): Channel {
  const isCloud = channel.schema === 'cloud_event'
  return {
    tells: ({ type }) => type in jobStates || others.includes(type),
    async message(telling) {
      const { event } = telling
      const topic = channel.topic ?? `/ws/${event.workspace}`
      const events = await azureEvents(telling)
      if (events.length === 0) return undefined
      const body = events.map(({ type, subject, data }, i) => {
        const [id, time] = [i === 0 ? event.id : `${event.id}-${i}`, event.time]
        return isCloud
          ? { specversion: '1.0', id, source: topic, type, subject, time, datacontenttype: 'application/json', data }
          : { topic, subject, eventType: type, eventTime: time, id, data, dataVersion: '', metadataVersion: '1' }
      })
      return postJson(channel.url, body, {
        ...channel.headers,
        'content-type': isCloud ? 'application/cloudevents-batch+json; charset=utf-8' : 'application/json',
        ...(isCloud ? {} : { 'aeg-event-type': 'Notification' }),
        'webhook-id': telling.deliveryId,
      })
    },
  }
}

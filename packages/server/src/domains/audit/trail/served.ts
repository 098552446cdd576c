import { HaganeError, type ServedDeployment } from '@hagane/contract'
import type { Database } from '../../../kernel/db/index.ts'
import type { EventRow } from '../../../kernel/events/index.ts'
import { eventsAbout, lastEvent } from './event-reads.ts'

type Shares = Record<string, number>
interface Place {
  workspace: string
  endpoint: string
  /** The last event that counts. */
  until: number
}

export interface ServedThen {
  served: ServedDeployment[]
  decision: EventRow | undefined
}

/** What an endpoint served when event `until` was the last, and the change of traffic that was in force. Throws not_found. */
export async function servedThen(db: Database, { workspace, endpoint, until }: Place): Promise<ServedThen> {
  const subject = `endpoint/${endpoint}`
  const last = (type: string) => lastEvent(db, { workspace, subject, type: `dev.hagane.endpoint.${type}`, until })
  const [created, deleted] = [await last('created'), await last('deleted')]
  if (created === undefined || (deleted?.seq ?? 0) > created.seq)
    throw new HaganeError('not_found', `there was no endpoint '${endpoint}' in workspace ${workspace} then`, {
      hint: deleted === undefined ? 'see `hagane online-endpoint list`' : `it was deleted at ${deleted.time}`,
    })
  const change = await last('traffic-changed')
  const decision = change === undefined || change.seq < created.seq ? undefined : change
  const { traffic = {}, mirror_traffic: copies = {} } = JSON.parse(decision?.data ?? '{}') as Record<string, Shares>
  const names = [...new Set([...Object.keys(traffic), ...Object.keys(copies)])]
  const active = names.filter(name => (traffic[name] ?? 0) > 0 || (copies[name] ?? 0) > 0)
  const served = active.map(async name => ({
    ...{ deployment: name, traffic: traffic[name] ?? 0, mirror_traffic: copies[name] ?? 0 },
    ...(await revisionThen(db, { workspace, endpoint, until }, name)),
  }))
  return { served: await Promise.all(served), decision }
}

async function revisionThen(db: Database, { workspace, endpoint, until }: Place, name: string) {
  const subject = `deployment/${endpoint}/${name}`
  const ready = await lastEvent(db, { workspace, subject, type: 'dev.hagane.endpoint.deployment-ready', until })
  if (ready === undefined) return {}
  const { revision_id } = JSON.parse(ready.data) as { revision_id: string }
  const about = await eventsAbout(db, { workspace, thing: subject, until: ready.seq, limit: 1000 })
  const revised = about.find(
    ({ type, data }) => type.endsWith('.deployment-revised') && JSON.parse(data).revision_id === revision_id,
  )
  if (revised === undefined) return { revision_id, since: ready.time }
  const { model, model_tree, environment_lock, code_tree } = JSON.parse(revised.data) as Record<string, string>
  const asked = about.find(({ type, seq }) => type.endsWith('.deployment-requested') && seq < revised.seq)
  return {
    ...{ revision_id, since: ready.time, deployed_by: (asked ?? revised).actor, event: revised.seq },
    ...Object.fromEntries(
      Object.entries({ model, model_tree, environment_lock, code_tree }).filter(([, value]) => value !== undefined),
    ),
  }
}

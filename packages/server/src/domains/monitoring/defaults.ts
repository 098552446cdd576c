import type { MonitorSpec, OnlineDeploymentSpec } from '@hagane/contract'
import type { EventRow, Who } from '../../kernel/db/index.ts'
import type { MonitoringNeeds } from './needs.ts'
import { targetOf } from './plan.ts'
import { listDefaults } from './reads.ts'
import { defaultIn, deleteDefault, deleteProfiles, insertDefault, noteData } from './store.ts'

/** Of a deployment: `false` leaves it without a monitor. */
export const OPT_OUT = 'hagane.monitor'
const SERVER = 'server'
const PAGE = 200

type Data = Record<string, unknown>

/**
 * Follows the deployments: one that collects is given a monitor, once; one that is deleted takes it along, and monitors that
 * people made for it stop. Every step may be seen twice.
 */
export function followDeployments(needs: MonitoringNeeds): { catchUp(): Promise<void> } {
  return needs.events.consume('monitoring', async batch => {
    for (const event of batch) await followers[event.type]?.(needs, event, JSON.parse(event.data) as Data)
  })
}

const followers: Record<string, (needs: MonitoringNeeds, event: EventRow, data: Data) => Promise<void>> = {
  'dev.hagane.endpoint.deployment-revised': give,
  'dev.hagane.endpoint.data-collected': dataCame,
  'dev.hagane.endpoint.data-expired': dataWent,
  'dev.hagane.endpoint.deployment-deleted': (needs, event, data) =>
    gone(needs, event, String(data.endpoint), String(data.deployment)),
  'dev.hagane.endpoint.deleted': endpointGone,
}

const whoOf = (event: EventRow): Who => ({ workspace: event.workspace, actor: SERVER, correlation: event.id })

/** A deployment whose inputs or outputs are collected. */
const collects = ({ data_collector: collector, properties }: OnlineDeploymentSpec): boolean =>
  String(properties?.[OPT_OUT]).toLowerCase() !== 'false' &&
  Object.entries(collector?.collections ?? {}).some(
    ([name, { enabled }]) => enabled === true && ['model_inputs', 'model_outputs'].includes(name.toLowerCase()),
  )

async function give(needs: MonitoringNeeds, event: EventRow, { endpoint, deployment }: Data): Promise<void> {
  const place = { endpoint: String(endpoint), deployment: String(deployment) }
  const deployed = await needs.deployment(event.workspace, place.endpoint, place.deployment)
  if (deployed?.spec === undefined || !collects(deployed.spec)) return
  const monitor = defaultMonitor(place.endpoint, place.deployment)
  if ((await listDefaults(needs.db, event.workspace)).some(one => one.monitor === monitor.name)) return
  if (await isWatched(needs, event.workspace, place)) return
  await needs.db
    .withTransaction(whoOf(event), async tx => {
      if ((await defaultIn(tx, place.endpoint, place.deployment)) !== undefined) return
      await insertDefault(tx, place.endpoint, place.deployment, monitor.name)
      await needs.schedules.putIn(tx, monitor)
    })
    .catch(error => needs.log.warn({ err: error, ...place }, 'a deployment could not be given a monitor'))
}

/** What every deployment that collects is watched by: the last day, every hour in which something came. */
function defaultMonitor(endpoint: string, deployment: string): MonitorSpec {
  const data = { data_window: { lookback_window_size: 'P1D' } }
  const signal = { alert_enabled: true, production_data: data }
  return {
    name: `${endpoint}-${deployment}`,
    description: `What deployment ${deployment} of endpoint ${endpoint} collects, against what its model was trained on`,
    trigger: { type: 'recurrence', frequency: 'hour', interval: 1, time_zone: 'UTC' },
    create_monitor: {
      monitoring_target: { endpoint_deployment_id: `azureml:${endpoint}:${deployment}` },
      monitoring_signals: {
        'data-drift-signal': { type: 'data_drift', ...signal },
        'prediction-drift-signal': { type: 'prediction_drift', ...signal },
        'data-quality-signal': { type: 'data_quality', ...signal },
      },
    },
    catch_up: 'latest',
  }
}

interface Place {
  endpoint: string
  deployment: string
}

/** Whether people watch a deployment already. */
async function isWatched(needs: MonitoringNeeds, workspace: string, place: Place): Promise<boolean> {
  return (await watching(needs, workspace, place)).length > 0
}

/** The names of the monitors of a deployment. */
async function watching({ schedules }: MonitoringNeeds, workspace: string, place: Place): Promise<string[]> {
  const names: string[] = []
  let after: string | undefined
  for (;;) {
    const rows = await schedules.list(workspace, { limit: PAGE, after })
    for (const row of rows) {
      const target = targetOf(JSON.parse(row.job))
      if (target?.endpoint === place.endpoint && target.deployment === place.deployment) names.push(row.name)
    }
    if (rows.length < PAGE) return names
    after = rows.at(-1)?.name
  }
}

async function dataCame(needs: MonitoringNeeds, event: EventRow, { endpoint, deployment }: Data): Promise<void> {
  await needs.db.withTransaction(
    whoOf(event),
    tx => noteData(tx, String(endpoint), String(deployment), event.time),
    'relaxed',
  )
}

/** What is no longer kept leaves no profile behind. */
async function dataWent(needs: MonitoringNeeds, event: EventRow, { endpoint, files }: Data): Promise<void> {
  const paths = (files as { path?: unknown }[] | undefined) ?? []
  const hours = paths.flatMap(({ path }) => {
    const [, day, hour] = /\/(\d{4}\/\d\d\/\d\d)\/(\d\d)\//.exec(String(path)) ?? []
    return day === undefined ? [] : [`${day.replaceAll('/', '-')}T${hour}`]
  })
  await needs.db.withTransaction(
    whoOf(event),
    tx => deleteProfiles(tx, String(endpoint), [...new Set(hours)]),
    'relaxed',
  )
}

async function endpointGone(needs: MonitoringNeeds, event: EventRow, { endpoint, deployments }: Data): Promise<void> {
  for (const name of Array.isArray(deployments) ? deployments : [])
    await gone(needs, event, String(endpoint), String(name))
}

async function gone(needs: MonitoringNeeds, event: EventRow, endpoint: string, deployment: string): Promise<void> {
  if ((await needs.deployment(event.workspace, endpoint, deployment)) !== undefined) return
  const who = whoOf(event)
  for (const name of await watching(needs, event.workspace, { endpoint, deployment })) {
    const row = await needs.schedules.get(event.workspace, name)
    const made = (await listDefaults(needs.db, event.workspace)).some(one => one.monitor === name)
    if (made) await needs.db.withTransaction(who, tx => needs.schedules.removeIn(tx, name))
    else if (row.is_enabled === 1) await needs.schedules.change(who, name, { is_enabled: false }, () => {})
  }
  await needs.db.withTransaction(who, tx => deleteDefault(tx, endpoint, deployment), 'relaxed')
}

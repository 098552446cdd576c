import type { MonitorDefinition, MonitorSpec, ScheduleTrigger } from '@hagane/contract'
import type { Tx } from '../../kernel/db/index.ts'
import { newUlid } from '../../kernel/ids.ts'
import type { ScheduledMonitors, ScheduleRow } from '../schedules/index.ts'
import type { MonitoringNeeds } from './needs.ts'
import { checkDefinition, targetOf } from './plan.ts'
import { closeAll } from './settle.ts'
import { defaultIn, deleteMonitor, insertRun, runNamed } from './store.ts'
import { productionWindow } from './windows.ts'

export const JUDGE = 'monitor.judge'
/** Tries of a run before it is given up; each has its own process, so what fails is mostly the machine. */
const MOST_TRIES = 5
/** Leaves room in a name for the time. */
const LONGEST_PREFIX = 200

/** 20260710T170000Z */
const stamp = (time: Date): string => time.toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '')

/** What schedules do with monitors: a time becomes a run and the task that judges it, in one transaction. */
export function buildActions(needs: Pick<MonitoringNeeds, 'tasks' | 'schedules'>): ScheduledMonitors {
  return {
    async check(_workspace, monitor: MonitorSpec) {
      checkDefinition(monitor.create_monitor)
    },
    async begin(tx, monitor, time, kind) {
      const definition = JSON.parse(monitor.job) as MonitorDefinition
      if (kind === 'tick' && (await nothingCame(tx, monitor, definition, time))) return undefined
      const name = await freeName(tx, `${monitor.name.slice(0, LONGEST_PREFIX)}-${stamp(time)}`)
      await insertRun(tx, {
        ...{ monitor_id: monitor.id, monitor: monitor.name, name, kind },
        time: time.toISOString(),
        definition: JSON.stringify({ trigger: JSON.parse(monitor.trigger_spec), create_monitor: definition }),
      })
      await needs.tasks.enqueue(tx, {
        kind: JUDGE,
        subject: `monitor/${monitor.name}`,
        payload: { run: name },
        maxAttempts: MOST_TRIES,
      })
      return name
    },
    async stored(tx, name, definition, before) {
      await closeRemoved(tx, name, definition, before)
      await makeRoom(needs.schedules, tx, name, definition)
    },
    async deleted(tx, monitor) {
      await closeAll(tx, monitor, JSON.parse(monitor.job) as MonitorDefinition, 'the monitor was deleted')
      await deleteMonitor(tx, monitor.id)
    },
  }
}

/** A moment judged again by hand has a run of its own. */
async function freeName(tx: Tx, wanted: string): Promise<string> {
  return (await runNamed(tx, wanted)) === undefined ? wanted : `${wanted}-${newUlid(tx.now.getTime()).slice(-6)}`
}

/** The monitor that every deployment has costs nothing while no data comes. */
async function nothingCame(tx: Tx, monitor: ScheduleRow, definition: MonitorDefinition, time: Date): Promise<boolean> {
  const target = targetOf(definition)
  const made = target === undefined ? undefined : await defaultIn(tx, target.endpoint, target.deployment)
  if (made?.monitor !== monitor.name) return false
  const trigger = JSON.parse(monitor.trigger_spec) as ScheduleTrigger
  return made.data_at === null || made.data_at < productionWindow(undefined, trigger, time).start.toISOString()
}

/** A signal that is looked at no longer is no trouble any more. */
async function closeRemoved(tx: Tx, name: string, definition: MonitorDefinition, before: ScheduleRow | undefined) {
  if (before === undefined) return
  const old = JSON.parse(before.job) as MonitorDefinition
  if (JSON.stringify(old.monitoring_signals) === JSON.stringify(definition.monitoring_signals)) return
  await closeAll(tx, { id: before.id, name }, old, 'the signals of the monitor were changed')
}

/** The monitor that a deployment was given steps aside for one that people make, so that nobody hears of a thing twice. */
async function makeRoom(
  schedules: MonitoringNeeds['schedules'],
  tx: Tx,
  name: string,
  definition: MonitorDefinition,
): Promise<void> {
  const target = targetOf(definition)
  const made = target === undefined ? undefined : await defaultIn(tx, target.endpoint, target.deployment)
  if (made !== undefined && made.monitor !== name) await schedules.removeIn(tx, made.monitor)
}

import { type RuleRun, ruleRoutes } from '@hagane/contract'
import type { Stage } from './act.ts'
import { type Flights, sendDays } from './replay.ts'
import { tellGate, tellRollout } from './verdicts.ts'
import { underTraffic, until } from './watch.ts'

const [monitor, rule] = ['flight-delay-monitor', 'retrain-flight-delay']
/** Pauses between two days of flights, in ms: one when the machine has a model to train, one when a canary waits for answers. */
export const [calm, busy] = [2000, 200]

/** Gate, monitor and rule, each one file of `operate/`. */
export async function armLoop({ cli, tell }: Stage): Promise<void> {
  await cli.run('gate', 'create', '-f', 'operate/gate.yml')
  await cli.run('schedule', 'create', '-f', 'operate/monitor.yml')
  await cli.run('rule', 'create', '-f', 'operate/retrain-rule.yml')
  tell.progress(`loop: gate better-than-champion, monitor ${monitor}, rule ${rule}`)
}

interface Finding {
  readonly signal: string
  readonly feature?: string
  readonly metric: string
  readonly value: number
  readonly threshold: number
  readonly breached: boolean
}

/** The first half of July comes in, and the monitor looks at it. Returns how often the rule had run before. */
export async function summerArrives(stage: Stage, flights: Flights): Promise<number> {
  const { cli, tell } = stage
  const runsBefore = (await newestRun(stage))?.number ?? 0
  const sent = await sendDays(flights, flights.days.slice(0, 15))
  tell.progress(`summer: ${sent.toLocaleString('en')} flights of July asked for, their delays known a day later`)
  await cli.run('monitor', 'run', '-n', monitor)
  const findings = await cli.json<Finding[]>('monitor', 'findings', '-n', monitor)
  if (findings.length === 0) throw new Error('the monitor found nothing in July')
  const worst = findings.map(
    one => `${one.feature ?? one.signal} ${one.metric} ${one.value.toFixed(2)} (${one.threshold})`,
  )
  const what = `monitor: ${findings.length} findings, among them ${worst.slice(0, 3).join(', ')}`
  tell.progress(what)
  tell.story(what, cli.typed('monitor', 'findings', '-n', monitor))
  if (runsBefore > 0) await triggerAgain(stage)
  return runsBefore
}

/** What was found before and is still so is no news to the rule. In a folder that has seen the story it is told by hand. */
async function triggerAgain({ cli, tell }: Stage): Promise<void> {
  const breach = ['--type', 'dev.hagane.monitor.breached', '--subject', `monitor/${monitor}`, '--max-results', '1']
  const [event] = await cli.json<{ id: string }[]>('event', 'list', ...breach)
  if (event === undefined) throw new Error('the rule has run before, but no event says that the monitor found anything')
  await cli.run('rule', 'trigger', '-n', rule, '--event', event.id)
  tell.progress('rule: this folder has seen the summer before, so it is triggered by hand')
}

async function newestRun({ client }: Stage): Promise<RuleRun | undefined> {
  const { items } = await client.call(ruleRoutes.runs, { params: { name: rule }, query: { limit: 1 } })
  return items[0]
}

/** What the rule does by itself: train, gate, rollout; flights go on coming in meanwhile. */
export async function ruleRetrains(stage: Stage, flights: Flights, runsBefore: number): Promise<RuleRun> {
  const { cli, tell } = stage
  const told = new Set<string>()
  let isRollingOut = false
  const ended = until('the rule', async () => {
    const run = await newestRun(stage)
    if (run === undefined || run.number <= runsBefore) return undefined
    isRollingOut = run.actions.some(({ kind, state }) => kind === 'start_rollout' && state === 'waiting')
    for (const action of run.actions) {
      const at = `${action.id} ${action.state}`
      if (action.state === 'pending' || told.has(at)) continue
      told.add(at)
      tell.progress(`  rule: ${at}${action.waits_for === undefined ? '' : `, waits for ${action.waits_for}`}`)
    }
    return run.state === 'running' ? undefined : run
  })
  const run = await underTraffic(flights, flights.days.slice(15), ended, () => (isRollingOut ? busy : calm))
  if (run.state !== 'completed')
    throw new Error(`the rule's run is ${run.state}: ${run.error ?? JSON.stringify(run.actions)}`)
  const what = `rule ${rule}: ${run.actions.map(({ id, state }) => `${id} ${state}`).join(', ')}`
  tell.story(what, cli.typed('rule', 'run', 'show', '-n', rule, '--run', String(run.number)))
  await tellResults(stage, run)
  return run
}

async function tellResults(stage: Stage, { actions }: RuleRun): Promise<void> {
  for (const { result } of actions) {
    const { run, rollout } = (result ?? {}) as { run?: string; rollout?: string }
    if (run !== undefined) await tellGate(stage, run)
    if (rollout !== undefined) await tellRollout(stage, rollout)
  }
}

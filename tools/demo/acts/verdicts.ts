import { type GateRunResource, gateRoutes, rolloutRoutes } from '@hagane/contract'
import type { Stage } from './act.ts'

/** What a gate found, in a line: both models, the verdict, and the check that decided. */
export function verdictText({ candidate, champion, result, table }: GateRunResource): string {
  const decisive = table.find(check => check.result === 'fail') ?? table[0]
  const numbers =
    decisive === undefined
      ? ''
      : `, ${decisive.check} ${shown(decisive.candidate)} against ${shown(decisive.champion)}${between(decisive.interval)}`
  return `${candidate} against ${champion ?? 'nothing'}: ${result ?? 'no verdict'}${numbers}`
}

const shown = (value: number | null): string => value?.toFixed(3) ?? 'unknown'

const between = (interval: readonly [number, number] | undefined): string =>
  interval === undefined ? '' : ` (${interval.map(bound => bound.toFixed(3)).join(' to ')} better)`

/** Tells the verdict of a gate's run. */
export async function tellGate({ cli, client, tell }: Stage, name: string): Promise<void> {
  const run = await client.call(gateRoutes.showRun, { params: { name } })
  const what = `gate ${run.gate}: ${verdictText(run)}`
  tell.progress(what)
  tell.story(what, cli.typed('gate', 'show-run', '-n', name))
}

/** Tells what decided each analysis of a rollout. */
export async function tellRollout({ cli, client, tell }: Stage, name: string): Promise<void> {
  const { items } = await client.call(rolloutRoutes.measurements, { params: { name }, query: {} })
  const decided = items.filter(({ phase }) => phase === 'Successful' || phase === 'Failed').reverse()
  const found = decided.map(({ metric, phase, message }) => `${metric} ${phase.toLowerCase()}: ${message ?? ''}`)
  for (const one of found) tell.progress(`  canary: ${one}`)
  tell.story(`rollout ${name}: ${found.join('; ')}`, cli.typed('rollout', 'measurements', '-n', name))
}

import { type GateCheck, type GateRunResource, gateRoutes, rolloutRoutes } from '@hagane/contract'
import type { Stage } from './act.ts'

/** What a gate found, in a line: both models, the verdict, and the check that decided. */
export function verdictText({ gate, candidate, champion, result, table }: GateRunResource): string {
  const decisive = table.find(check => check.result === 'fail') ?? table.find(isComparison) ?? table[0]
  const said = `gate ${gate}: ${candidate} against ${champion ?? 'nothing'}: ${result ?? 'no verdict'}`
  return decisive === undefined ? said : `${said}, ${checkText(decisive)}`
}

/** Its interval is that of the improvement, and not of the candidate's own score. */
const isComparison = ({ interval, difference }: GateCheck): boolean =>
  interval !== undefined && difference !== null && interval[0] <= difference && difference <= interval[1]

function checkText(check: GateCheck): string {
  const better = isComparison(check) ? ` (better by ${check.interval?.map(shown).join(' to ')})` : ''
  return `${check.check} ${shown(check.candidate)} against ${shown(check.champion)}${better}`
}

const shown = (value: number | null): string => value?.toFixed(3) ?? 'unknown'

/** Tells the verdict of a gate's run. */
export async function tellGate({ cli, client, tell }: Stage, name: string): Promise<void> {
  const run = await client.call(gateRoutes.showRun, { params: { name } })
  const what = verdictText(run)
  tell.progress(what)
  tell.story(what, cli.typed('gate', 'show-run', '-n', name))
}

/** Tells what decided each analysis of a rollout. */
export async function tellRollout({ cli, client, tell }: Stage, name: string): Promise<void> {
  const { items } = await client.call(rolloutRoutes.measurements, { params: { name }, query: {} })
  const decided = items.filter(({ phase }) => phase === 'Successful' || phase === 'Failed').reverse()
  const found = decided.map(
    ({ metric, phase, message }) => `${metric} ${phase === 'Failed' ? 'fails' : 'holds'}: ${message ?? ''}`,
  )
  for (const one of found) tell.progress(`  canary: ${one}`)
  tell.story(`rollout ${name}: ${found.join('; ')}`, cli.typed('rollout', 'measurements', '-n', name))
}

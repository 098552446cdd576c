import { setTimeout as pause } from 'node:timers/promises'
import { type RolloutResource, rolloutRoutes } from '@hagane/contract'
import type { Invocation } from '../invocation.ts'

const lookMs = 500

/** Prints each change of a rollout on a line of its own until it is over or waits for a person; the exit code says which. */
export async function watchRollout(call: Invocation, name: string): Promise<number> {
  let told = ''
  for (;;) {
    const found = await call.client.call(rolloutRoutes.show, { params: { name } })
    const line = lineOf(found)
    if (line !== told) call.surroundings.stdout.write(`${line}\n`)
    told = line
    const code = exitCodeOf(found)
    if (code !== undefined) return code
    await pause(lookMs)
  }
}

const marks = { done: 'x', running: '>', waiting: ' ', skipped: '-', failed: '!' } as const

function lineOf({ phase, weight, mirror, steps, message, pause: paused }: RolloutResource): string {
  const at = steps.find(step => step.state === 'running' || step.state === 'failed')
  const shares = `${weight} %${mirror === 0 ? '' : `, ${mirror} % mirrored`}`
  const bar = steps.map(step => marks[step.state]).join('')
  const until = paused?.until === undefined ? '' : ` until ${paused.until}`
  return [`${phase.padEnd(11)} [${bar}] ${shares}`, at?.name, message === undefined ? undefined : `${message}`]
    .filter(part => part !== undefined)
    .join('  ')
    .concat(until)
}

function exitCodeOf({ phase, pause: paused }: RolloutResource): number | undefined {
  if (phase === 'Healthy') return 0
  if (phase === 'Degraded') return 1
  if (phase === 'Pending') return 2
  return paused !== undefined && paused.reason !== 'duration' ? 2 : undefined
}

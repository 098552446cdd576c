import { setTimeout as pause } from 'node:timers/promises'
import { hasColours, type Sink } from '../terminal/terminal.ts'
import { stepTree } from './step-tree.ts'
import { descendants, endOf, type StepsEnd } from './steps.ts'
import { TrialRemarks } from './trial-remarks.ts'
import { isOver, showJob, type Watch } from './watch.ts'

const redrawMs = 500
const usualRows = 40

const upAndClear = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A\u001b[0J`)
/** Long lines are cut by the terminal itself, which knows how wide its characters are. */
const uncutOff = '\u001b[?7l'
const uncutOn = '\u001b[?7h'

/** Whether the tree can be drawn over and over: a terminal that understands it. */
export const drawsTrees = (sink: Sink, env: Record<string, string | undefined>): boolean =>
  sink.isTTY === true && env.TERM !== 'dumb' && env.CI === undefined

/** Follows a pipeline or sweep on a terminal: one tree of steps, drawn again as it changes. The last one stays. */
export async function followTree(
  watch: Watch,
  name: string,
  sink: Sink,
  env: Record<string, string | undefined>,
): Promise<StepsEnd> {
  const remarks = new TrialRemarks(watch)
  let drawn = 0
  for (;;) {
    const job = await showJob(watch, name)
    const children = await descendants(watch, name, '')
    const steps = children.map(child => child.step)
    await remarks.refresh([job, ...steps])
    const lines = stepTree(job, steps, {
      now: Date.now(),
      coloured: hasColours(sink, env),
      remarkOf: step => remarks.standing(step),
      rows: isOver(job) ? Number.POSITIVE_INFINITY : (sink.rows ?? usualRows),
    })
    sink.write(`${uncutOff}${upAndClear(drawn)}${lines.join('\n')}\n${uncutOn}`)
    drawn = lines.length
    if (isOver(job)) return endOf(job, children)
    await pause(redrawMs, undefined, { signal: watch.signal })
  }
}

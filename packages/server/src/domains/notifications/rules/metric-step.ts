import { begin, onEnd, onEvent, onTime, type RuleState, type Step } from './machine.ts'
import type { Rule } from './rule.ts'

/** One look at the metric of a rule; undefined where it changes nothing, as when nothing was measured. */
export function overMetric(
  rule: Rule,
  known: RuleState | undefined,
  value: number | undefined,
  now: number,
): Step | undefined {
  const { metric } = rule.spec
  if (metric === undefined || value === undefined) return undefined
  const before = known ?? begin(rule.startedAt)
  const isBeyond = metric.above === undefined ? value < (metric.below ?? value) : value > metric.above
  const isQuiet = before.pendingSince === undefined && before.firingSince === undefined
  if (!isBeyond && isQuiet) return undefined
  const passed = isBeyond ? onTime(rule.timings, { ...before, value }, now) : { state: { ...before, value }, moves: [] }
  const step = isBeyond ? onEvent(rule.timings, passed.state, now) : onEnd(passed.state, now)
  return { state: step.state, moves: [...passed.moves, ...step.moves] }
}

import type { GateCheck, GateResult, GateSpec } from '@hagane/contract'
import type { Interval } from './bootstrap.ts'

/** A number that has to be at least a bound. */
export interface Demand {
  readonly value: number | null
  readonly interval?: Interval | undefined
  readonly bound: number
}

/**
 * By value, a number passes that is at least the bound. By interval it passes when all of its confidence interval is, fails when
 * none of it is, and is inconclusive in between; numbers without an interval are told by value, those that are not there are inconclusive.
 */
export function decide({ value, interval, bound }: Demand, by: GateSpec['decide_by']): GateResult {
  if (value === null) return 'inconclusive'
  if (by === 'value' || interval === undefined) return value >= bound ? 'pass' : 'fail'
  const [low, high] = interval
  if (low >= bound) return 'pass'
  return high < bound ? 'fail' : 'inconclusive'
}

/** Fails with one failure, is inconclusive with one demand that cannot be told, and passes otherwise. */
export function resultOf(checks: readonly GateCheck[]): GateResult {
  const has = (result: GateCheck['result']) => checks.some(check => check.result === result)
  return has('fail') ? 'fail' : has('inconclusive') ? 'inconclusive' : 'pass'
}

import { type Condition, compileCondition } from '../../kernel/conditions.ts'
import type { Found, Measured, PlannedMetric } from './types.ts'

/**
 * What follows from a measurement, as Argo Rollouts has it: the failure condition fails it; without a success condition all
 * else succeeds, with one that holds it succeeds too; where only a success condition is given, it fails when that does not hold;
 * where neither of both holds it is inconclusive. Too little to measure is waited for.
 */
export function verdictOf(metric: PlannedMetric, found: Found): Pick<Measured, 'phase' | 'message'> {
  const { result, stable, count } = found
  if (result === null) return { phase: 'Waiting', message: found.message ?? 'the candidate had no requests yet' }
  if (count < metric.minimum)
    return { phase: 'Waiting', message: `${count} of the ${metric.minimum} that there must be before it is measured` }
  const told = (condition: string | undefined, which: string) =>
    condition === undefined ? undefined : tell(compileCondition(condition, which), condition, found)
  const failure = told(metric.failureCondition, 'failureCondition')
  const success = told(metric.successCondition, 'successCondition')
  const problem = failure?.problem ?? success?.problem
  if (problem !== undefined)
    return stable === null
      ? { phase: 'Waiting', message: `nothing is known of the stable deployment: ${problem}` }
      : { phase: 'Error', message: problem }
  const numbers = numbersOf(found)
  if (failure?.holds === true) return { phase: 'Failed', message: `${numbers}: ${metric.failureCondition}` }
  if (success === undefined || success.holds === true) return { phase: 'Successful', message: numbers }
  const missed = `${numbers}: not ${metric.successCondition}`
  return { phase: failure === undefined ? 'Failed' : 'Inconclusive', message: missed }
}

function tell(
  condition: Condition,
  text: string,
  { result, stable, count }: Found,
): { holds?: boolean; problem?: string } {
  const told = condition({ result, stable, count })
  return 'holds' in told ? { holds: told.holds } : { problem: `'${text}' cannot be told: ${told.problem}` }
}

const numbersOf = ({ result, stable, count }: Found): string =>
  `${shown(result)}${stable === null ? '' : `, stable ${shown(stable)}`} (of ${count})`

const shown = (value: number | null): string => (value === null ? '-' : String(Number(value.toPrecision(4))))

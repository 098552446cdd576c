import { type ErrorDetail, HaganeError } from '@hagane/contract'
import type { StepBudget } from './budget.ts'

/** One refusal as a detail that keeps its hint. */
function detailsOf({ message, details, hint }: HaganeError): ErrorDetail[] {
  const all = details?.length ? details : [{ message }]
  return hint === undefined ? all : all.map((detail, index) => (index === 0 ? { hint, ...detail } : detail))
}

/**
 * Does all of the work one after the other and answers its results. What is refused does not stop the rest: all refusals
 * are thrown as one, the first in its message. Only a submission that has become too large ends at once.
 */
export async function gather<T>(budget: StepBudget, work: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = []
  const refusals: HaganeError[] = []
  for (const step of work) {
    try {
      results.push(await step())
    } catch (error) {
      if (!(error instanceof HaganeError) || error.kind === 'internal' || budget.left < 0) throw error
      refusals.push(error)
    }
  }
  const [first, ...others] = refusals
  if (first === undefined) return results
  if (others.length === 0) throw first
  const details = refusals.flatMap(detailsOf)
  throw new HaganeError(first.kind, withCount(first, details.length), {
    details,
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  })
}

const COUNT = / \(and \d+ more problems?\)$/

const withCount = ({ message }: HaganeError, problems: number): string =>
  `${message.replace(COUNT, '')} (and ${problems - 1} more problem${problems === 2 ? '' : 's'})`

import { HaganeError } from '@hagane/contract'

/** Steps and trials of one submission. Each is a row, a run and some events, stored in one transaction. */
const MAX_STEPS = 20_000

/** Counts what a submission grows to while it is planned: components that hold components multiply. */
export interface StepBudget {
  left: number
}

export const newBudget = (): StepBudget => ({ left: MAX_STEPS })

/** Throws invalid when a submission has become too large; `count` steps are about to be planned. */
export function countStep({ budget }: { budget: StepBudget }, count = 1): void {
  budget.left -= count
  if (budget.left >= 0) return
  throw new HaganeError('invalid', `this job has more than ${MAX_STEPS} steps, which cannot be submitted at once`, {
    hint: 'submit it in parts; a component that holds components multiplies its steps',
  })
}

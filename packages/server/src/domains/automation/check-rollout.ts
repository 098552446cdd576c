import { detailsOfIssue, HaganeError, type RolloutSpec, rolloutSpec } from '@hagane/contract'
import { namedAfter } from '../schedules/index.ts'
import { isOpen, withStandIns } from './expressions.ts'
import type { RuleNeeds } from './needs.ts'

/**
 * Refuses a rollout that no event could start. What an expression stands for is not known yet, and so is not asked; everything
 * beside it is. Throws invalid and not_found, named after the property.
 */
export async function checkRolloutAction(
  needs: RuleNeeds,
  workspace: string,
  given: unknown,
  property: string,
): Promise<void> {
  const spec = knownPart(withStandIns(given), property)
  if (spec !== undefined) await namedAfter(property, () => needs.rollouts.check(workspace, spec, isOpen))
}

/** undefined where a number or the like is yet to come from an expression, and nothing else is wrong. */
function knownPart(given: unknown, property: string): RolloutSpec | undefined {
  const found = rolloutSpec.safeParse(given)
  if (found.success) return found.data
  const wrong = found.error.issues.filter(({ path }) => !isOpenAt(given, path))
  if (wrong.length === 0) return undefined
  const details = wrong
    .flatMap(issue => detailsOfIssue(issue, given))
    .map(detail => ({ ...detail, property: `${property}${detail.property === '' ? '' : `.${detail.property}`}` }))
  throw new HaganeError('invalid', `${details[0]?.property}: ${details[0]?.message}`, { details })
}

function isOpenAt(given: unknown, path: readonly PropertyKey[]): boolean {
  const value = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], given)
  return typeof value === 'string' && isOpen(value)
}

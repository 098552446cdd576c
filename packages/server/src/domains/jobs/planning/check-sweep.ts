import { HaganeError, type SearchSpaceEntry, type SweepJobSpec, type SweepNode } from '@hagane/contract'
import { SOBOL_DIMENSIONS } from '../sweep/sobol.ts'
import { sizeOf } from '../sweep/space.ts'
import { refusePortNames } from './names.ts'

type SweepSpec = SweepJobSpec | SweepNode

/** Throws invalid, naming the property, on a sweep whose trials could not be drawn or judged. */
export function checkSweep(spec: SweepSpec, at: string): void {
  const space = Object.entries(spec.search_space)
  if (space.length === 0) throw wrong(`${at}.search_space`, 'it is empty', {}, 'at least one parameter')
  refusePortNames(at, 'inputs', Object.keys(spec.search_space))
  for (const [name, entry] of space) checkEntry(entry, `${at}.search_space.${name}`)
  checkSampling(spec, at)
  checkPolicy(spec, at)
}

function checkEntry(entry: SearchSpaceEntry, property: string): void {
  if ('min_value' in entry && entry.max_value < entry.min_value)
    throw wrong(`${property}.max_value`, 'it is below min_value', entry.max_value, `at least ${entry.min_value}`)
  const largest = 'max_value' in entry ? entry.max_value : 'mu' in entry ? entry.mu + 6 * entry.sigma : 0
  if (entry.type.includes('log') && largest > LARGEST_EXPONENT)
    throw wrong(
      `${property}.${'mu' in entry ? 'mu' : 'max_value'}`,
      `it is a logarithm, and exp(${largest}) is not a number`,
      largest,
      `at most ${LARGEST_EXPONENT}, the natural logarithm of the largest value`,
    )
}

/** exp of more is not a double. */
const LARGEST_EXPONENT = 709

function checkSampling({ sampling_algorithm, search_space }: SweepSpec, at: string): void {
  const given = typeof sampling_algorithm === 'string' ? { type: sampling_algorithm } : sampling_algorithm
  const property = `${at}.sampling_algorithm`
  if (given.rule !== undefined && given.type !== 'random')
    throw wrong(`${property}.rule`, `only random has a rule, this is ${given.type}`, given.rule, 'nothing')
  if (given.logbase !== undefined && given.logbase !== 'e' && Math.abs(Number(given.logbase) - Math.E) > 1e-3)
    throw wrong(`${property}.logbase`, 'logarithms are natural here', given.logbase, 'e')
  const names = Object.keys(search_space)
  if (given.rule === 'sobol' && names.length > SOBOL_DIMENSIONS)
    throw wrong(
      `${property}.rule`,
      `${names.length} parameters are too many`,
      'sobol',
      `${SOBOL_DIMENSIONS} parameters`,
    )
  if (given.type !== 'grid') return
  for (const [name, entry] of Object.entries(search_space))
    if (sizeOf(entry) === undefined)
      throw wrong(
        `${at}.search_space.${name}.type`,
        'a grid needs values that can be counted',
        entry.type,
        ['choice', 'randint'],
        'use sampling_algorithm: random, or list the values as a choice',
      )
}

function checkPolicy({ early_termination: policy }: SweepSpec, at: string): void {
  if (policy?.type !== 'bandit') return
  const { slack_factor, slack_amount } = policy
  const given = [slack_factor, slack_amount].filter(slack => slack !== undefined)
  if (given.length === 1 || given.filter(slack => slack > 0).length === 1) return
  throw wrong(
    `${at}.early_termination`,
    'a bandit needs one of slack_factor and slack_amount',
    { slack_factor, slack_amount },
    'one of the two',
  )
}

function wrong(property: string, message: string, sent: unknown, allowed: unknown, hint?: string): HaganeError {
  return new HaganeError('invalid', `${property}: ${message}`, {
    details: [{ property, message, sent, allowed }],
    ...(hint === undefined ? {} : { hint }),
  })
}

import { type CommandJobSpec, HaganeError, wholeExpression } from '@hagane/contract'
import { own } from '../model/own-property.ts'
import type { DistributionPlan, InputValue } from '../model/plan.ts'

const types = ['pytorch', 'tensorflow', 'mpi'] as const
/** All processes of a step run on one host and share it. */
export const MAX_PROCESSES = 128

/** What counts may refer to: the step's own inputs and those of the pipeline around it. */
export interface Around {
  at: string
  inputs: Record<string, InputValue>
  literalOfParent?: ((name: string) => string | undefined) | undefined
}

/** The text of an input, followed to the pipeline above; undefined when it is not known at submit or is no text. */
export function literalOf(
  value: InputValue | undefined,
  parent: ((name: string) => string | undefined) | undefined,
): string | undefined {
  if (value?.kind === 'literal') return value.text
  return value?.kind === 'parent-input' ? parent?.(value.name) : undefined
}

/**
 * The processes of a distributed step; undefined for one that is not. Without `distribution` a command runs once, on one
 * node, whatever `instance_count` says. Throws invalid naming the count that is none.
 */
export function planDistribution(
  { warn }: { warn: (message: string) => void },
  { distribution, resources }: Pick<CommandJobSpec, 'distribution' | 'resources'>,
  around: Around,
): DistributionPlan | undefined {
  const { at } = around
  const instances = () => countOf(resources?.instance_count, `${at}.resources.instance_count`, around) ?? 1
  if (distribution === undefined) {
    if (instances() > 1)
      warn(`${at}.resources.instance_count: it is ${instances()}, but without distribution the command runs once`)
    return undefined
  }
  const type = types.find(known => known === distribution.type.trim().toLowerCase())
  if (type === undefined) throw unknownType(at, distribution.type)
  const count = (key: 'worker_count' | 'process_count_per_instance' | 'parameter_server_count', least = 1) =>
    countOf(distribution[key], `${at}.distribution.${key}`, around, least)
  const plan: DistributionPlan =
    type === 'tensorflow'
      ? {
          type,
          instances: count('worker_count') ?? instances(),
          processesPerInstance: 1,
          parameterServers: count('parameter_server_count', 0) ?? 0,
        }
      : {
          type,
          instances: instances(),
          processesPerInstance: count('process_count_per_instance') ?? 1,
          parameterServers: 0,
        }
  refuseTooMany(plan, at)
  return plan
}

/** What a setting says: itself, or the text of the input that it names; undefined when that is not known at submit. */
export function settingText(given: string | number, around: Around): string | undefined {
  const expression = typeof given === 'string' ? wholeExpression(given) : undefined
  if (expression?.scope === 'input') return literalOf(own(around.inputs, expression.name), around.literalOfParent)
  return expression?.scope === 'parent-input' ? around.literalOfParent?.(expression.name) : String(given)
}

/** A setting that counts something; undefined when it is not given. Throws invalid for anything but a whole number from `least` on. */
export function countOf(
  given: string | number | undefined,
  property: string,
  around: Around,
  least = 1,
): number | undefined {
  if (given === undefined) return undefined
  const text = settingText(given, around)
  const count = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isInteger(count) && count >= least) return count
  const is = text === undefined ? 'has no value that is known at submit' : `is '${text}'`
  throw new HaganeError('invalid', `${property}: ${given} ${text === String(given) ? 'is no count' : is}`, {
    details: [{ property, message: 'not a count', sent: text ?? given, allowed: `a whole number from ${least} on` }],
    hint: 'write a number, or an input (${{inputs.<name>}} or ${{parent.inputs.<name>}}) that holds one',
  })
}

function refuseTooMany(plan: DistributionPlan, at: string): void {
  const processes = plan.instances * plan.processesPerInstance + plan.parameterServers
  if (processes <= MAX_PROCESSES) return
  throw new HaganeError('invalid', `${at}.distribution: ${processes} processes are too many for one host`, {
    details: [
      { property: `${at}.distribution`, message: 'too many processes', sent: processes, allowed: MAX_PROCESSES },
    ],
    hint: 'lower resources.instance_count or the count per instance',
  })
}

const unknownType = (at: string, sent: string): HaganeError =>
  new HaganeError('invalid', `${at}.distribution.type: '${sent}' is not known`, {
    details: [{ property: `${at}.distribution.type`, message: 'unknown', sent, allowed: types }],
    hint: `use one of ${types.join(', ')}; a command that starts its processes itself needs no distribution`,
  })

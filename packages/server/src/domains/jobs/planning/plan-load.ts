import { type CommandJobSpec, HaganeError } from '@hagane/contract'
import type { CommandPlan } from '../model/plan.ts'

const MB_PER_UNIT: Record<string, number> = { b: 1 / 2 ** 20, k: 1 / 1024, m: 1, g: 1024, t: 2 ** 20 }

/**
 * What a step takes of its machine: one core for each node, unless `resources.cpu` and `resources.memory` (or the same
 * below `resources.properties`) say more. Throws invalid naming the property.
 */
export function planLoad(
  { resources }: Pick<CommandJobSpec, 'resources'>,
  instances: number,
  at: string,
): Pick<CommandPlan, 'load'> {
  const cpu = resources?.cpu ?? resources?.properties?.cpu
  const memory = resources?.memory ?? resources?.properties?.memory
  return {
    load: {
      cores: instances * (cpu === undefined ? 1 : coresOf(cpu, `${at}.resources.cpu`)),
      memoryMb: instances * (memory === undefined ? 0 : megabytesOf(memory, `${at}.resources.memory`)),
    },
  }
}

/** A number of cores, or thousandths of one as Kubernetes writes them: 2, "0.5", "500m". */
function coresOf(sent: unknown, property: string): number {
  const [, amount, milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(String(sent).trim()) ?? []
  const cores = Number(amount) / (milli === 'm' ? 1000 : 1)
  if (amount !== undefined && cores > 0 && cores <= 4096) return cores
  throw refused(property, sent, 'a number of cores above 0, e.g. 2, 0.5 or 500m')
}

/** A size with its unit, as Docker or Kubernetes write it: 512m, 4g, 512Mi, 4Gi, 4GB. */
function megabytesOf(sent: unknown, property: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([bkmgt])(?:i?b)?i?$/i.exec(String(sent).trim()) ?? []
  const megabytes = Number(amount) * (MB_PER_UNIT[unit.toLowerCase()] ?? Number.NaN)
  if (megabytes > 0) return megabytes
  throw refused(property, sent, 'a size with its unit, e.g. 512Mi, 4Gi or 4g')
}

const refused = (property: string, sent: unknown, allowed: string): HaganeError =>
  new HaganeError('invalid', `${property}: '${String(sent)}' is not ${allowed}`, {
    details: [{ property, message: 'not understood', sent, allowed }],
  })

const PRIORITIES = { low: -10, medium: 0, high: 10 } as const
const TIERS = { spot: -3, basic: -1, standard: 0, premium: 3 } as const

/** Place in the queue by Azure's `queue_settings`: the priority first, then the tier; undefined when nothing is said. */
export function priorityOf(spec: Record<string, unknown>): number | undefined {
  const settings = spec.queue_settings as { priority?: string; job_tier?: string | null } | undefined
  if (settings?.priority === undefined && (settings?.job_tier ?? undefined) === undefined) return undefined
  const priority = PRIORITIES[(settings?.priority ?? 'medium').toLowerCase() as keyof typeof PRIORITIES] ?? 0
  return priority + (TIERS[(settings?.job_tier ?? 'standard').toLowerCase() as keyof typeof TIERS] ?? 0)
}

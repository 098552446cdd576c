import { HaganeError, type OnlineDeploymentSpec } from '@hagane/contract'
import { processesOf } from './scale.ts'

const property = 'resources.limits.memory'
const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}
/** A Python with nothing in it takes about ten. */
const least = 16 * 2 ** 20

/**
 * Bytes that one worker may hold: `resources.limits.memory`, a quantity as Kubernetes writes it (`512Mi`, `1.5G`), shared by
 * the processes that WORKER_COUNT asks for in an instance. Throws `invalid` for anything else.
 */
export function memoryLimitOf(spec: OnlineDeploymentSpec): { memory_limit?: number } {
  const sent = spec.resources?.limits?.memory
  if (sent === undefined) return {}
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(String(sent).trim()) ?? []
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined
  const bytes =
    amount === undefined || factor === undefined ? 0 : Math.floor((Number(amount) * factor) / processesOf(spec))
  if (bytes >= least) return { memory_limit: bytes }
  const why = bytes === 0 ? 'not an amount of memory' : 'too little for any worker'
  throw new HaganeError('invalid', `${property}: '${sent}' is ${why}`, {
    hint: 'write it as Kubernetes does: 512Mi, 2Gi, 1.5G; at least 16Mi for each worker',
    details: [{ property, message: why, sent, allowed: 'a number with Ki, Mi, Gi, Ti, k, M, G, T or none' }],
  })
}

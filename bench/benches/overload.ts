import type { Bench, BenchContext, Row } from '../bench.ts'
import { bareGateway } from '../measure/bare-gateway.ts'
import { applyLoad } from '../measure/load.ts'
import { type PacedResult, pacedLoad, percentile } from '../measure/paced-load.ts'
import { memoryOf } from '../measure/resources.ts'

const script = 'import time\n\n\ndef init():\n    pass\n\n\ndef run(raw_data):\n    time.sleep(0.01)\n    return 1\n'
const request_settings = {
  request_timeout_ms: 60_000,
  max_queue_wait_ms: 60_000,
  max_concurrent_requests_per_instance: 2,
}
/** As many as the deployment lets in: 2 for each of its instances, twice (Azure ML's own rule). */
const fullHouse = 4
const [normalSeconds, overloadSeconds, times] = [10, 60, 5]

/** A model of 10 ms gets five times what it can do for a minute, from callers who do not wait for each other. */
export const overload: Bench = {
  name: 'overload',
  about: 'five times the capacity of a deployment for a minute',
  async run(context: BenchContext) {
    const { gateway, scoring } = await bareGateway(context.folder, script, { request_settings })
    try {
      context.say('as many callers as it takes')
      const normal = await applyLoad({ ...scoring, connections: fullHouse, seconds: normalSeconds })
      const before = await memoryOf(gateway.child.pid as number)
      context.say(`${times} times its ${normal.requestsPerSecond.toFixed(0)} requests/s`)
      const load = { perSecond: times * normal.requestsPerSecond, seconds: overloadSeconds, connections: 256 }
      const result = await pacedLoad({ ...scoring, ...load })
      const after = await memoryOf(gateway.child.pid as number)
      await applyLoad({ ...scoring, connections: fullHouse, seconds: 2 })
      check(result)
      return [...rowsOf(normal.p99, result), ...memoryRow(before, after)]
    } finally {
      await gateway.stop()
    }
  },
}

/** Anything but an answer or a refusal is a failure, and no figure makes up for it. */
function check({ latencies, broken, unsent }: PacedResult): void {
  const others = [...latencies.keys()].filter(status => status !== 200 && status !== 429)
  if (others.length + broken + unsent > 0)
    throw new Error(`statuses ${others.join(', ') || 'none'} besides, ${broken} broken, ${unsent} not sent`)
}

function rowsOf(normalP99: number, { latencies }: PacedResult): Row[] {
  const [accepted, refused] = [latencies.get(200) ?? [], latencies.get(429) ?? []]
  const counts = `${accepted.length} answered, ${refused.length} refused`
  return [
    {
      work: 'overload at 5 times the capacity, p99 of the accepted',
      unit: 'ms',
      ours: percentile(accepted, 0.99),
      target: { bound: 2 * normalP99 },
      note: `p99 ${normalP99.toFixed(1)} ms with as many callers as it takes; ${counts}`,
    },
    {
      work: 'overload at 5 times the capacity, p99 of the 429',
      unit: 'ms',
      ours: percentile(refused, 0.99),
      target: { bound: 10 },
      note: `p50 ${percentile(refused, 0.5).toFixed(2)} ms, longest ${(refused.at(-1) ?? 0).toFixed(1)} ms`,
    },
  ]
}

/** None where the system does not tell memory. */
function memoryRow(before: number | undefined, after: number | undefined): Row[] {
  if (before === undefined || after === undefined) return []
  const work = 'overload at 5 times the capacity, memory that stays'
  return [{ work, unit: 'MB', ours: after - before, target: { bound: 50 } }]
}

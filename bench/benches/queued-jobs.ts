import { join } from 'node:path'
import { type BenchContext, median, type Row, repeat } from '../bench.ts'
import { postJson } from '../measure/answers.ts'
import { withHagane } from '../measure/hagane.ts'

const jobs = 10_000
const connections = 8
/** As many as run at the same time by default, so that everything else waits. */
const blockers = 4
const looks = 41

interface Submitted {
  name: string
}

/** Submits jobs faster than they can run, then asks what somebody who works beside them asks. */
export async function queuedJobs(context: BenchContext): Promise<Row[]> {
  return withHagane(join(context.folder, 'queue'), async ({ url }) => {
    const submit = (command: string) =>
      postJson(`${url}/api/v1/jobs`, { job: { type: 'command', command } }) as Promise<Submitted>
    const held = await repeat(blockers, () => submit('sleep 3600'))
    context.say(`Hagane: submitting ${jobs} jobs by ${connections} connections while ${blockers} others run`)
    const started = performance.now()
    let left = jobs
    const client = async () => {
      while (left-- > 0) await submit('true')
    }
    await Promise.all(Array.from({ length: connections }, client))
    const seconds = (performance.now() - started) / 1000
    const list = await times(`${url}/api/v1/jobs?limit=50`)
    const health = await times(`${url}/health`)
    for (const { name } of held) await postJson(`${url}/api/v1/jobs/${name}/cancel`, {})
    return [
      { work: `submitting ${jobs} jobs`, unit: 'requests/s', ours: jobs / seconds, target: { bound: 200 } },
      { work: `job list while ${jobs} are queued, p50`, unit: 'ms', ours: list, target: { bound: 50 } },
      { work: 'health meanwhile, p50', unit: 'ms', ours: health },
    ]
  })
}

const times = async (address: string): Promise<number> =>
  median(
    await repeat(looks, async () => {
      const started = performance.now()
      await (await fetch(address)).arrayBuffer()
      return performance.now() - started
    }),
  )

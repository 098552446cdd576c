import type { JobWhy, KeyChange } from '@hagane/contract'
import type { JobNeeds } from '../model/needs.ts'
import { type Decided, earlierRuns, findDecisions } from '../records/decisions-reads.ts'
import { childrenOf, getJob, type JobBrief } from '../records/reads.ts'
import { compareParts, type PartChange, type StoredParts } from './compare-parts.ts'
import { detailsOf } from './details.ts'

export type WhyNeeds = Pick<JobNeeds, 'db' | 'blobs' | 'environments'>

/** Why a job ran or was reused; of a pipeline or sweep for each of its steps. Throws not_found. */
export async function explainJob(needs: WhyNeeds, workspace: string, name: string): Promise<JobWhy> {
  const [only] = await explain(needs, workspace, [await getJob(needs.db, workspace, name)])
  return only as JobWhy
}

async function explain(needs: WhyNeeds, workspace: string, jobs: JobBrief[]): Promise<JobWhy[]> {
  const commands = jobs.filter(job => job.type === 'command').map(job => job.name)
  const decisions = await findDecisions(needs.db, workspace, commands)
  const answers: JobWhy[] = []
  for (const job of jobs) {
    const { name, type, status } = job
    const head = { job: name, type, status, ...(job.step === null ? {} : { step: job.step }) }
    if (type === 'command') answers.push({ ...head, ...(await ofStep(needs, decisions.get(name), job)) })
    else {
      const steps = await explain(needs, workspace, await childrenOf(needs.db, workspace, name))
      answers.push({ ...head, decision: 'steps', changes: [], steps })
    }
  }
  return answers
}

type Answer = Omit<JobWhy, 'job' | 'type' | 'status'>

async function ofStep(needs: WhyNeeds, decided: Decided | undefined, job: JobBrief): Promise<Answer> {
  if (decided === undefined) return { decision: 'undecided', changes: [] }
  const { key, decided_at } = decided
  if (job.reused_from !== null) return { decision: 'reused', key, decided_at, from: job.reused_from, changes: [] }
  const head = { decision: 'ran' as const, key, decided_at }
  const nearest = await nearestRun(needs, decided)
  if (nearest === undefined) return { ...head, reason: decided.reason ?? 'first-run', changes: [] }
  const changes = await withDetails(needs, decided, nearest)
  const reason = decided.reason ?? (changes.length > 0 ? 'changed' : 'no-result-kept')
  return { ...head, reason, compared_with: nearest.run.job, changes }
}

interface Nearest {
  run: Decided
  changes: PartChange[]
}

/** The earlier run with the fewest differences, the newest of these; the one that is expired or gone where that is the reason. */
async function nearestRun(needs: WhyNeeds, decided: Decided): Promise<Nearest | undefined> {
  const parts = JSON.parse(decided.parts) as StoredParts
  let nearest: Nearest | undefined
  for (const run of await earlierRuns(needs.db, decided)) {
    const changes = run.key === decided.key ? [] : compareParts(JSON.parse(run.parts) as StoredParts, parts)
    if (nearest === undefined || changes.length < nearest.changes.length) nearest = { run, changes }
  }
  return nearest
}

async function withDetails(needs: WhyNeeds, decided: Decided, { run, changes }: Nearest): Promise<KeyChange[]> {
  const detailed: KeyChange[] = []
  for (const change of changes) detailed.push(await detailsOf(needs, decided.workspace, change, run, decided))
  return detailed
}

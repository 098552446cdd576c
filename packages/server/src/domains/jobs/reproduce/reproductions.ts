import {
  type BodyOf,
  HaganeError,
  type JobReproduction,
  type JobResource,
  type jobReproductionRoutes,
  terminalStatuses,
  tolerance,
} from '@hagane/contract'
import type { Who } from '../../../kernel/db/index.ts'
import type { EventLog, EventRow } from '../../../kernel/events/index.ts'
import { storeJob } from '../flow/submit.ts'
import type { JobNeeds } from '../model/needs.ts'
import type { JobRow } from '../model/tables.ts'
import { getJob } from '../records/reads.ts'
import {
  findReproduction,
  pendingReproductions,
  type ReproductionRow,
  reproductionsOf,
} from '../records/reproductions-reads.ts'
import { insertReproduction, keepVerdict } from '../records/reproductions-store.ts'
import { type Judgement, judge } from './judge.ts'
import { planAgain, REPRODUCES } from './plan-again.ts'
import { readRecord } from './recorded.ts'

type Order = BodyOf<typeof jobReproductionRoutes.reproduce>

export interface Reproductions {
  /** Submits a job again from its record. Throws conflict while it has not ended. */
  submit(who: Who, name: string, order: Order): Promise<JobRow>
  /** What `job show` says of it. */
  of(workspace: string, name: string): Promise<Pick<JobResource, 'reproduction' | 'reproduced_by'>>
  /** How a reproduction compares; without a verdict while it runs. Throws not_found. */
  report(workspace: string, job: string): Promise<JobReproduction>
}

const ends = ['completed', 'failed', 'canceled'].map(status => `dev.hagane.job.${status}`)

/** Jobs computed again from their records; each is judged when the event of its end comes by, once. */
export function buildReproductions(needs: JobNeeds, events: EventLog): Reproductions {
  events.consume('jobs.reproductions', batch => judgeEnded(needs, batch))
  return {
    async submit(who, name, order) {
      const record = await readRecord(needs.db, who.workspace, name)
      refuseUnended(record.row)
      const { inputs, environment, from_sources, ...rest } = order
      const wanted = { name: rest.name, inputs, environment, fromSources: from_sources }
      const planned = await planAgain(needs, who.workspace, record, wanted)
      const reproduction = {
        job: planned.name,
        original: name,
        tolerance: JSON.stringify(tolerance.parse(rest.tolerance ?? {})),
        changed: JSON.stringify(changedBy(order)),
      }
      return storeJob(needs, who, planned, {
        experiment: record.row.experiment_name,
        git: record.row.git === null ? undefined : JSON.parse(record.row.git),
        facts: { reproduces: name },
        named: rest.name !== undefined,
        inTx: async tx => void (await insertReproduction(tx, reproduction)),
      })
    },
    async of(workspace, name) {
      const [own, others] = await Promise.all([
        findReproduction(needs.db, workspace, name),
        reproductionsOf(needs.db, workspace, name),
      ])
      const verdictOf = ({ verdict }: Pick<ReproductionRow, 'verdict'>) => (verdict === null ? {} : { verdict })
      return {
        ...(own === undefined ? {} : { reproduction: { of: own.original, ...verdictOf(own) } }),
        ...(others.length === 0
          ? {}
          : { reproduced_by: others.map(other => ({ job: other.job, ...verdictOf(other) })) }),
      }
    },
    async report(workspace, job) {
      const row = await getJob(needs.db, workspace, job)
      const found = await findReproduction(needs.db, workspace, job)
      if (found !== undefined) return reportOf(row, found)
      const original = (JSON.parse(row.properties) as Record<string, string>)[REPRODUCES]
      throw new HaganeError('not_found', `job ${job} is no reproduction`, {
        hint:
          original === undefined
            ? `compute it again and compare: hagane job reproduce ${job}`
            : `it is a step of one: ask for ${row.root}`,
      })
    },
  }
}

function refuseUnended({ name, status }: JobRow): void {
  if (terminalStatuses.includes(status)) return
  throw new HaganeError('conflict', `job ${name} has not ended: it is ${status}`, {
    hint: 'wait for its end: its results are what a reproduction is compared with',
  })
}

/** What was asked to be other than it was, in words. */
const changedBy = ({ inputs, environment, from_sources }: Order): string[] => [
  ...Object.entries(inputs).map(
    ([name, value]) => `inputs.${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
  ),
  ...(environment === undefined ? [] : [`environment ${typeof environment === 'string' ? environment : '(inline)'}`]),
  ...(from_sources ? ['data read from its sources again'] : []),
]

function reportOf(row: JobRow, { original, verdict, report, judged_at, ...found }: ReproductionRow): JobReproduction {
  const judged = report === null ? undefined : (JSON.parse(report) as Judgement)
  return {
    job: row.name,
    of: original,
    status: row.status,
    ...(verdict === null ? {} : { verdict }),
    tolerance: JSON.parse(found.tolerance),
    changed: JSON.parse(found.changed),
    comparisons: judged?.comparisons ?? [],
    causes: judged?.causes ?? [],
    same: judged?.same ?? [],
    ...(judged_at === null ? {} : { judged_at }),
  }
}

async function judgeEnded(needs: JobNeeds, batch: readonly EventRow[]): Promise<void> {
  const ended = Map.groupBy(
    batch.filter(({ type }) => ends.includes(type)),
    ({ workspace }) => workspace,
  )
  for (const [workspace, events] of ended) {
    const names = events.map(({ subject }) => subject.slice('job/'.length))
    for (const row of await pendingReproductions(needs.db, workspace, names)) await judgeOne(needs, row)
  }
}

async function judgeOne(
  needs: JobNeeds,
  { workspace, job, original, tolerance: within }: ReproductionRow,
): Promise<void> {
  const judged = await judge(needs, workspace, { of: original, job }, JSON.parse(within)).catch(error =>
    notComparable(needs, job, error),
  )
  await needs.db.withTransaction({ workspace, actor: 'server' }, async tx => {
    if (!(await keepVerdict(tx, job, judged.verdict, JSON.stringify(judged)))) return
    const count = (verdict: string) => judged.comparisons.filter(one => one.verdict === verdict).length
    tx.append({
      type: 'dev.hagane.job.reproduced',
      subject: `job/${job}`,
      data: {
        name: job,
        reproduces: original,
        verdict: judged.verdict,
        bitwise: count('bitwise'),
        tolerance: count('tolerance'),
        different: count('different'),
        causes: judged.causes.map(({ step, kind, text }) => ({ step, kind, text })),
      },
    })
  })
}

/** Content that is gone cannot be compared; the reproduction itself is done, and waiting for ever would help nobody. */
function notComparable(needs: JobNeeds, job: string, error: unknown): Judgement {
  if (!(error instanceof HaganeError)) needs.log.error({ err: error, job }, 'a reproduction could not be judged')
  const text = `the results could not be compared: ${(error as Error).message}`
  return { verdict: 'failed', comparisons: [], causes: [{ step: '', kind: 'unrecorded', text }], same: [] }
}

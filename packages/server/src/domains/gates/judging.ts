import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type AlertSignal,
  type GateCheck,
  type GateResult,
  type GateSpec,
  HaganeError,
  type JobResource,
  terminalStatuses,
} from '@hagane/contract'
import { type JudgedModel, resultOf, runTabular } from '@hagane/tabular'
import { subtree } from '../../kernel/blobs/index.ts'
import type { Who } from '../../kernel/db/index.ts'
import { type Task, TryLater } from '../../kernel/tasks/index.ts'
import type { GateNeeds } from './needs.ts'
import { findRun } from './reads.ts'
import { needsScores } from './scoring-job.ts'
import { JUDGE_TASK } from './service.ts'
import { endRun, runForUpdate } from './store.ts'
import type { GateRunRow, RunModel, RunModels } from './tables.ts'

const LOOK_MS = 500
const JUDGES = 2
/** How a scoring step begins what it has to say to the author. */
const SAID = '[score] ERROR: '

/** Registers the durable work that waits for the job of a run and judges what it found. */
export function registerJudging(needs: GateNeeds): void {
  needs.tasks.register(JUDGE_TASK, {
    concurrency: JUDGES,
    handle: (task, signal) => judgeRun(needs, task, signal),
    onGivenUp: (task, error) => fail(needs, task, String(task.payload.name), messageOf(error)),
  })
}

const messageOf = (error: unknown): string =>
  error instanceof HaganeError ? error.message : 'the server failed to judge it; its log has the reason'

async function judgeRun(needs: GateNeeds, task: Task, signal: AbortSignal): Promise<void> {
  const { workspace } = task
  const row = await findRun(needs.db, workspace, String(task.payload.name))
  if (row === undefined || row.status !== 'Running') return
  const models = JSON.parse(row.models) as RunModels
  if (models.hasJob) {
    const [job] = await needs.jobs.named(workspace, [row.name])
    if (job !== undefined && !terminalStatuses.includes(job.status))
      throw new TryLater(new Date(needs.db.clock.now().getTime() + LOOK_MS))
    if (job?.status !== 'Completed') return fail(needs, task, row.name, whyFailed(row.name, job))
  }
  try {
    await finish(needs, task, row, await checksOf(needs, workspace, row, models, signal))
  } catch (error) {
    if (!(error instanceof HaganeError) || ['internal', 'unavailable', 'timeout'].includes(error.kind)) throw error
    await fail(needs, task, row.name, error.message)
  }
}

/** With what the scoring step, or else its traceback, said last. */
function whyFailed(name: string, job: JobResource | undefined): string {
  const { message = 'see its log', log_tail = [] } = job?.error ?? {}
  const said = log_tail.findLast(line => line.startsWith(SAID)) ?? log_tail.findLast(line => line.trim() !== '')
  const told = said === undefined ? '' : `: ${said.replace(SAID, '')}`
  return `its job ${name} is ${job?.status ?? 'gone'}: ${message}${told}`.slice(0, 1000)
}

async function checksOf(
  needs: GateNeeds,
  workspace: string,
  row: GateRunRow,
  { candidate, champion }: RunModels,
  signal: AbortSignal,
): Promise<GateCheck[]> {
  const spec = JSON.parse(row.spec) as GateSpec
  const judged = (role: 'candidate' | 'champion', model: RunModel) =>
    knownOf(needs, workspace, row.name, spec, role, model)
  const request = {
    ...{ kind: 'judge' as const, spec, candidate: await judged('candidate', candidate) },
    ...(champion === undefined ? {} : { champion: await judged('champion', champion) }),
  }
  return runTabular(request, { signal })
}

/** Where the predictions of a model lie, and what else is known of it. */
async function knownOf(
  needs: GateNeeds,
  workspace: string,
  job: string,
  spec: GateSpec,
  role: 'candidate' | 'champion',
  { tree, path, runId }: RunModel,
): Promise<JudgedModel> {
  const files = subtree(await needs.blobs.getTree(tree), path)
  const scored = needsScores(spec) ? await fileOf(needs, workspace, job, role, 'scored.json') : undefined
  const found =
    spec.evaluation === undefined ? undefined : await fileOf(needs, workspace, job, `${role}_metrics`, 'metrics.json')
  const wantsRun = runId !== undefined && spec.metrics.some(({ source }) => source === 'run')
  return {
    ...(scored === undefined ? {} : { scored }),
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    metrics: {
      run: wantsRun ? await needs.runMetrics(workspace, runId) : {},
      component: found === undefined ? {} : metricsIn(await readFile(found, 'utf8')),
    },
  }
}

async function fileOf(
  { jobs, blobs }: GateNeeds,
  workspace: string,
  job: string,
  output: string,
  file: string,
): Promise<string> {
  const { tree, path } = await jobs.output(workspace, job, output, file)
  if (subtree(await blobs.getTree(tree), path).length === 0)
    throw new HaganeError('invalid', `the step ${output} wrote no ${file}`)
  return join(await blobs.materialize(tree), path)
}

/** `{"accuracy": 0.9}`. Throws invalid for anything else. */
function metricsIn(text: string): Record<string, number> {
  try {
    const found = JSON.parse(text) as Record<string, unknown>
    const numbers = Object.entries(found).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    if (numbers.length > 0) return Object.fromEntries(numbers)
  } catch {
    // falls through to the refusal
  }
  throw new HaganeError('invalid', 'metrics.json of the evaluation component is no JSON object of numbers', {
    hint: 'write {"<metric>": <number>}',
  })
}

async function finish(needs: GateNeeds, who: Who, row: GateRunRow, checks: GateCheck[]): Promise<void> {
  const result = resultOf(checks)
  const models = JSON.parse(row.models) as RunModels
  const message = summaryOf(checks, models)
  await needs.db.withTransaction(who, async tx => {
    const current = await runForUpdate(tx, row.name)
    if (current?.status !== 'Running') return
    await endRun(tx, current, { status: 'Completed', result, message, checks: JSON.stringify(checks) })
    tx.append({
      type: `dev.hagane.gate.${{ pass: 'passed', fail: 'failed', inconclusive: 'inconclusive' }[result]}`,
      subject: `gate/${row.gate}`,
      data: {
        ...dataOf(row, models),
        result,
        message,
        table: checks.slice(0, 50),
        alert: alertOf(row, models, result, message),
      },
    })
  })
}

const dataOf = (row: GateRunRow, { candidate, champion, data }: RunModels) => ({
  ...{ gate: row.gate, run: row.name, candidate: candidate.id },
  ...(champion === undefined ? {} : { champion: champion.id }),
  ...(data === undefined ? {} : { data }),
})

/** What decided, in one line. */
function summaryOf(checks: readonly GateCheck[], { champion }: RunModels): string {
  const worst = checks.find(({ result }) => result === 'fail') ?? checks.find(({ result }) => result === 'inconclusive')
  const alone = champion === undefined ? 'there is no champion yet: demands beside it were not judged' : undefined
  if (worst === undefined) return alone ?? 'all demands are met'
  const { check, slice, candidate, demand, result, note } = worst
  const number = candidate === null ? 'not known' : String(Number(candidate.toPrecision(4)))
  const told = `${check}${slice === undefined ? '' : ` of ${slice}`} is ${number}, demanded is ${demand}: ${result}${note === undefined ? '' : ` (${note})`}`
  return alone === undefined ? told : `${told}; ${alone}`
}

function alertOf(
  { gate, name }: GateRunRow,
  { candidate }: RunModels,
  result: GateResult,
  message: string,
): AlertSignal {
  return {
    key: `gate/${gate}`,
    state: result === 'pass' ? 'resolved' : 'firing',
    severity: result === 'fail' ? 'warning' : 'info',
    summary:
      `Gate ${gate}: ${candidate.id} ${result === 'pass' ? 'passed' : result === 'fail' ? 'did not pass' : 'could not be judged'}: ${message}`.slice(
        0,
        1000,
      ),
    summary_ja:
      `ゲート ${gate}: ${candidate.id} は${result === 'pass' ? '合格しました' : result === 'fail' ? '不合格です' : '判定できません'}: ${message}`.slice(
        0,
        1000,
      ),
    group: `gate/${gate}`,
    labels: { gate, candidate: candidate.id },
    next_command: `hagane gate show-run -n ${name}`,
  }
}

/** The end of a run that could not be judged. */
async function fail(needs: GateNeeds, who: Who, name: string, message: string): Promise<void> {
  await needs.db.withTransaction({ workspace: who.workspace, actor: who.actor }, async tx => {
    const row = await runForUpdate(tx, name)
    if (row?.status !== 'Running') return
    const models = JSON.parse(row.models) as RunModels
    await endRun(tx, row, { status: 'Failed', result: null, message, checks: '[]' })
    const alert = { ...alertOf(row, models, 'inconclusive', message), severity: 'error' }
    tx.append({
      type: 'dev.hagane.gate.not-judged',
      subject: `gate/${row.gate}`,
      data: { ...dataOf(row, models), message, alert },
    })
  })
}

import { HaganeError } from '@hagane/contract'
import { compileCondition } from '../../kernel/conditions.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Task, Tasks } from '../../kernel/tasks/index.ts'
import { performers } from './actions/index.ts'
import { enqueue } from './fire.ts'
import type { RuleNeeds } from './needs.ts'
import { actionsOf, findRun } from './reads.ts'
import { complete, record } from './record.ts'
import { type Context, type Outcome, Superseded, specOf, valuesOf, whoOf } from './run-context.ts'
import { runForUpdate } from './run-store.ts'
import type { ActionRow, RunRow } from './tables.ts'

/** Runs carried on at once; each may have to read data for the plan of a job. */
const AT_ONCE = 8

/** Carries a run on until it waits or is over. Whatever is killed between two steps, the next server goes on from the rows. */
export const runHandler = (needs: RuleNeeds): Parameters<Tasks['register']>[1] => ({
  concurrency: AT_ONCE,
  async handle(task, signal) {
    const key = keyOf(task)
    const { late, attempts } = task.payload
    if (typeof late === 'number') await giveUpWaiting(needs, key, late, Number(attempts))
    while (!signal.aborted) if (!(await step(needs, key))) return
  },
  onGivenUp: (task, error) =>
    failCurrent(needs, keyOf(task), `the server gave it up: ${error instanceof Error ? error.message : String(error)}`),
})

interface Key {
  rule_id: string
  number: number
}

const keyOf = ({ payload }: Task): Key => ({ rule_id: String(payload.rule_id), number: Number(payload.number) })

/** One step of a run; false when there is nothing more to do now. */
async function step(needs: RuleNeeds, key: Key): Promise<boolean> {
  const run = await findRun(needs.db, key.rule_id, key.number)
  if (run?.state !== 'running') return false
  const actions = (await actionsOf(needs.db, key.rule_id, [key.number])).get(key.number) ?? []
  const row = actions.find(action => action.state === 'pending' || action.state === 'waiting')
  if (row === undefined) return finish(needs, run)
  // what ended before it was waited for is found here
  if (row.state === 'waiting') return endIfOver(needs, run, row, () => Promise.resolve())
  if (row.not_before !== null && row.not_before > needs.db.clock.now().getTime()) return false
  await begin(needs, run, actions, row)
  return true
}

async function finish(needs: RuleNeeds, run: RunRow): Promise<boolean> {
  await needs.db.withTransaction(whoOf(run), async tx => {
    const held = await runForUpdate(tx, run)
    const isOver = held?.actions.every(action => action.state !== 'pending' && action.state !== 'waiting')
    if (held?.run.state === 'running' && isOver) await complete(tx, held)
  })
  return false
}

/** Carries out an action that is due. Errors that another try does not mend are its failure. */
async function begin(needs: RuleNeeds, run: RunRow, actions: readonly ActionRow[], row: ActionRow): Promise<void> {
  const context = contextOf(needs, run, actions, row)
  const now = (outcome: Outcome) => needs.db.withTransaction(context.who, tx => context.record(tx, outcome))
  try {
    const leftOut = unwanted(context)
    if (leftOut !== undefined) await now(leftOut)
    else await performers[row.kind].begin(needs, context)
  } catch (error) {
    if (error instanceof Superseded) return
    if (!isLasting(error)) throw error
    await now({ state: 'failed', error: error.message }).catch(ignoreSuperseded)
  }
}

const isLasting = (error: unknown): error is HaganeError =>
  error instanceof HaganeError && !['internal', 'unavailable', 'timeout'].includes(error.kind)

const ignoreSuperseded = (error: unknown): void => {
  if (!(error instanceof Superseded)) throw error
}

function contextOf(needs: RuleNeeds, run: RunRow, actions: readonly ActionRow[], row: ActionRow): Context {
  const action = specOf(run, row)
  return {
    ...{ run, row, action },
    values: valuesOf(
      run,
      actions.filter(other => other.position < row.position),
    ),
    who: whoOf(run),
    async record(tx, outcome) {
      const { held, current } = await claim(tx, row)
      await record(tx, needs, held, current, outcome)
    },
  }
}

/** Holds the run; throws Superseded when the action is not as it was. */
async function claim(tx: Tx, row: ActionRow) {
  const held = await runForUpdate(tx, row)
  const current = held?.actions[row.position]
  if (held?.run.state !== 'running' || current?.state !== row.state || current.attempts !== row.attempts)
    throw new Superseded()
  return { held, current }
}

/** What its condition says; undefined when the action is to be carried out. */
function unwanted({ action, values, row }: Context): Outcome | undefined {
  if (action.when === undefined) return undefined
  const told = compileCondition(action.when, `do.${row.position}.when`)(values)
  if ('problem' in told) return { state: 'failed', error: `when: '${action.when}' cannot be told: ${told.problem}` }
  return told.holds ? undefined : { state: 'skipped', reason: `when: ${action.when} is false` }
}

/** Ends an action that waits when what it waits for has come to its end, and has the run carried on. */
export async function settle(needs: RuleNeeds, row: ActionRow): Promise<void> {
  const run = await findRun(needs.db, row.rule_id, row.number)
  if (run?.state === 'running') await endIfOver(needs, run, row, tx => enqueue(tx, needs.tasks, run))
}

/** True when it has ended; `inTx` runs in the transaction that says so. */
async function endIfOver(
  needs: RuleNeeds,
  run: RunRow,
  row: ActionRow,
  inTx: (tx: Tx) => Promise<void>,
): Promise<boolean> {
  const outcome = await performers[row.kind].ended?.(needs, run, row)
  if (outcome === undefined) return false
  await needs.db
    .withTransaction(whoOf(run), async tx => {
      const { held, current } = await claim(tx, row)
      await record(tx, needs, held, current, outcome)
      await inTx(tx)
    })
    .catch(ignoreSuperseded)
  return true
}

/** The time limit of an action has come. */
async function giveUpWaiting(needs: RuleNeeds, key: Key, position: number, attempts: number): Promise<void> {
  const run = await findRun(needs.db, key.rule_id, key.number)
  if (run === undefined) return
  await needs.db.withTransaction(whoOf(run), async tx => {
    const held = await runForUpdate(tx, key)
    const row = held?.actions[position]
    if (held?.run.state !== 'running' || row?.state !== 'waiting' || row.attempts !== attempts) return
    const { timeout } = specOf(run, row)
    await record(tx, needs, held, row, { state: 'failed', error: `${row.waits_for} has not ended within ${timeout}` })
  })
}

/** Fails the action at which a run stands. */
async function failCurrent(needs: RuleNeeds, key: Key, error: string): Promise<void> {
  const run = await findRun(needs.db, key.rule_id, key.number)
  if (run === undefined) return
  await needs.db.withTransaction(whoOf(run), async tx => {
    const held = await runForUpdate(tx, key)
    const row = held?.actions.find(action => action.state === 'pending')
    if (held?.run.state !== 'running' || row === undefined) return
    await record(tx, needs, held, row, { state: 'failed', error })
    await enqueue(tx, needs.tasks, run)
  })
}

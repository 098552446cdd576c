import { isDeepStrictEqual } from 'node:util'
import { HaganeError, type RolloutSpec } from '@hagane/contract'
import { advance, nextLook } from './advance.ts'
import { gather, whoOf } from './gather.ts'
import { keep } from './keep.ts'
import type { RolloutNeeds } from './needs.ts'
import { planOf } from './plan.ts'
import { dueRollouts } from './reads.ts'
import { postponeLook, rolloutForUpdate } from './store.ts'
import type { RolloutRow } from './tables.ts'
import type { Move, RolloutState } from './types.ts'

const POLL_MS = 500
/** Rollouts that are looked at at once; each may have to read what was collected. */
const AT_ONCE = 8
/** One that cannot be moved on this often, for a reason that another try does not mend, waits for a person. */
const MOST_TRIES = 5

/**
 * Moves a rollout on as far as it comes by now. What is measured is measured first; then its new state, the traffic that follows
 * and the events are one transaction, which is dropped when somebody else was faster: so each step happens once, whatever is
 * killed and however many servers look.
 */
export async function moveOn(needs: RolloutNeeds, row: RolloutRow, signal: AbortSignal): Promise<void> {
  const plan = planOf(JSON.parse(row.spec) as RolloutSpec)
  const state = JSON.parse(row.state) as RolloutState
  const facts = await gather(needs, row, plan, state, needs.db.clock.now().getTime(), signal)
  const now = needs.db.clock.now().getTime()
  const move = advance(plan, state, facts, now)
  if (move.effects.length === 0 && facts.measured.length === 0 && isDeepStrictEqual(move.state, state))
    return postponeLook(needs.db, row, nextLook(plan, state, now))
  await whileUnchanged(needs, row, (tx, current) => keep(needs, tx, current, plan, move, facts))
}

/** Runs in a transaction if nobody has moved the rollout meanwhile. */
const whileUnchanged = (
  needs: RolloutNeeds,
  row: RolloutRow,
  act: (tx: Parameters<typeof keep>[1], current: RolloutRow) => Promise<void>,
): Promise<void> =>
  needs.db.withTransaction(whoOf(row), async tx => {
    const current = await rolloutForUpdate(tx, row.name)
    if (current?.id === row.id && current.revision === row.revision) await act(tx, current)
  })

/** Leaves a rollout that cannot be moved on to a person. */
function leaveToSomebody(needs: RolloutNeeds, row: RolloutRow, why: string): Promise<void> {
  const state: RolloutState = {
    ...JSON.parse(row.state),
    phase: 'Paused',
    pause: { reason: 'inconclusive' },
    message: why,
  }
  const alert = { about: 'waiting', state: 'firing', why } as const
  const move: Move = {
    state,
    effects: [{ kind: 'event', what: 'paused', data: { reason: 'error', message: why }, alert }],
  }
  const plan = planOf(JSON.parse(row.spec) as RolloutSpec)
  return whileUnchanged(needs, row, (tx, current) => keep(needs, tx, current, plan, move))
}

/** Looks for rollouts that are due. The rows are the truth; a server that dies leaves nothing to mend. */
export class Driver {
  readonly #needs: RolloutNeeds
  readonly #held = new Map<string, Promise<void>>()
  readonly #tries = new Map<string, number>()
  readonly #stopping = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined

  constructor(needs: RolloutNeeds) {
    this.#needs = needs
  }

  start(): void {
    this.#timer = setInterval(this.wake, POLL_MS)
    this.wake()
  }

  readonly wake = (): void => {
    if (this.#timer === undefined || this.#stopping.signal.aborted) return
    this.#looking ??= this.#look()
      .catch(error => this.#needs.log.error({ err: error }, 'looking for due rollouts failed; it will be tried again'))
      .finally(() => {
        this.#looking = undefined
      })
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the server is stopping'))
    clearInterval(this.#timer)
    await this.#looking
    await Promise.all(this.#held.values())
  }

  async #look(): Promise<void> {
    const now = this.#needs.db.clock.now().getTime()
    const due = await dueRollouts(this.#needs.db, now, AT_ONCE + this.#held.size)
    for (const row of due) if (!this.#held.has(row.id) && this.#held.size < AT_ONCE) this.#begin(row)
  }

  #begin(row: RolloutRow): void {
    const work = this.#attempt(row)
      .catch(error => this.#needs.log.error({ err: error, rollout: row.name }, 'a rollout could not be moved on'))
      .finally(() => this.#held.delete(row.id))
    this.#held.set(row.id, work)
  }

  async #attempt(row: RolloutRow): Promise<void> {
    const key = `${row.id}/${row.revision}`
    try {
      await moveOn(this.#needs, row, this.#stopping.signal)
      this.#tries.delete(key)
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      const tries = (this.#tries.get(key) ?? 0) + 1
      this.#tries.set(key, tries)
      this.#needs.log.warn({ err: error, rollout: row.name, try: tries }, 'a rollout could not be moved on')
      if (tries < MOST_TRIES) return
      this.#tries.delete(key)
      const why =
        error instanceof HaganeError ? error.message : 'the server failed to move it on; its log has the reason'
      await leaveToSomebody(this.#needs, row, why)
    }
  }
}

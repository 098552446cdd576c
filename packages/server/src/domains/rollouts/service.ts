import { HaganeError, type RolloutSpec } from '@hagane/contract'
import type { Tx, Who } from '../../kernel/db/index.ts'
import { newUlid } from '../../kernel/ids.ts'
import { refuseHeldByAnother, rolesOf } from './begin.ts'
import { checkGates } from './check.ts'
import { keep } from './keep.ts'
import type { RolloutNeeds } from './needs.ts'
import { checkConditions, planOf } from './plan.ts'
import { deleteRollout, insertRollout, rolloutForUpdate, rolloutOfKey } from './store.ts'
import type { RolloutRow } from './tables.ts'
import { type Command, commanded, isRefusal } from './transitions.ts'
import type { RolloutState } from './types.ts'

/** The longest name that is made for a deployment. */
const LONGEST_NAME = 32

const pending: RolloutState = {
  ...{ phase: 'Pending', attempt: 0, round: 0, step: -1, entered: true, since: 0, weight: 0, mirror: 0 },
  ...{ skipped: [], approvals: [] },
}

interface Asked {
  start: boolean
  /** A caller's key: the second time it is given, the rollout of the first is answered. */
  idempotency?: string | undefined
}

/** Creates a rollout, and starts it in the same transaction if wanted; the name it has. Throws invalid, not_found, conflict. */
export async function createRollout(
  needs: RolloutNeeds,
  who: Who,
  given: RolloutSpec,
  { start, idempotency }: Asked,
): Promise<string> {
  checkConditions(given)
  await checkGates(needs, who.workspace, given)
  const { model, candidate } = await candidateOf(needs, who.workspace, given)
  const spec = { ...given, deployment: candidate, ...(model === undefined ? {} : { model }) }
  const name = spec.name ?? `${spec.endpoint}-${candidate}-${newUlid(needs.db.clock.now().getTime()).slice(-6)}`
  return needs.db.withTransaction(who, async tx => {
    const known = idempotency === undefined ? undefined : await rolloutOfKey(tx, idempotency)
    if (known !== undefined) return known.name
    if ((await rolloutForUpdate(tx, name)) !== undefined) throw nameTaken(name)
    const roles = await rolesOf(needs, tx, spec, candidate)
    await insertRollout(tx, {
      ...{ name, id: newUlid(tx.now.getTime()), endpoint: spec.endpoint, candidate, stable: roles.stable },
      ...{
        spec: JSON.stringify({ ...spec, name, stable: roles.stable }),
        phase: 'Pending',
        state: JSON.stringify(pending),
      },
      ...{ before: null, holds: null, next_look: null },
      correlation: who.correlation ?? null,
      idempotency: idempotency ?? null,
    })
    tx.append({
      type: 'dev.hagane.rollout.created',
      subject: `rollout/${name}`,
      data: { rollout: name, endpoint: spec.endpoint, deployment: candidate, stable: roles.stable, spec },
    })
    if (start) await command(needs, tx, name, { kind: 'start' })
    return name
  })
}

/** The name of the candidate's deployment and, where one is to be deployed, its model with name and version. */
async function candidateOf(needs: RolloutNeeds, workspace: string, spec: RolloutSpec) {
  if (spec.model === undefined) return { model: undefined, candidate: spec.deployment ?? '' }
  const { id, name, version } = await needs.models.resolve(workspace, spec.model)
  const made = `${name}-${version}`
    .replace(/[^A-Za-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(-LONGEST_NAME)
  return { model: id, candidate: spec.deployment ?? made }
}

/** Carries out what somebody asks of a rollout; an approval by who is no approver is kept on record. Throws not_found, conflict when its state does not allow it, forbidden. */
export async function actOn(needs: RolloutNeeds, who: Who, name: string, what: Command): Promise<void> {
  try {
    await needs.db.withTransaction(who, tx => command(needs, tx, name, what))
  } catch (error) {
    if (error instanceof HaganeError && error.kind === 'forbidden')
      await needs.db.withTransaction(who, async tx =>
        tx.append({
          type: 'dev.hagane.rollout.approval-refused',
          subject: `rollout/${name}`,
          data: { rollout: name, asked: what.kind, reason: error.message },
        }),
      )
    throw error
  }
}

async function command(needs: RolloutNeeds, tx: Tx, name: string, what: Command): Promise<void> {
  const row = await rolloutForUpdate(tx, name)
  if (row === undefined) throw missing(tx.who.workspace, name)
  const spec = JSON.parse(row.spec) as RolloutSpec
  const plan = planOf(spec)
  const move = commanded(plan, JSON.parse(row.state) as RolloutState, what, tx.now.getTime())
  if (isRefusal(move))
    throw new HaganeError(move.forbidden ? 'forbidden' : 'conflict', `rollout '${name}': ${move.refused}`, {
      hint: move.hint,
    })
  const begins = move.effects.some(effect => effect.kind === 'begin')
  const begun = begins ? await begin(needs, tx, row, spec) : row
  await keep(needs, tx, begun, plan, move)
  tx.afterCommit(needs.wake)
}

/** Takes hold of the endpoint: remembers its traffic and deploys the candidate's model, if there is one to deploy. */
async function begin(needs: RolloutNeeds, tx: Tx, row: RolloutRow, spec: RolloutSpec): Promise<RolloutRow> {
  const { endpoint, candidate } = row
  const { before, stable } = await rolesOf(needs, tx, spec, candidate)
  if (row.holds === null) await refuseHeldByAnother(tx, endpoint)
  const place = { endpoint, from: stable, name: candidate }
  if (spec.model !== undefined) await needs.endpoints.steering.deployModel(tx, { ...place, model: spec.model })
  return { ...row, before: JSON.stringify(before) }
}

/** Throws not_found, and conflict while it is on its way. */
export async function removeRollout(needs: RolloutNeeds, who: Who, name: string): Promise<void> {
  await needs.db.withTransaction(who, async tx => {
    const row = await rolloutForUpdate(tx, name)
    if (row === undefined) throw missing(who.workspace, name)
    if (row.holds !== null)
      throw new HaganeError('conflict', `rollout '${name}' is on its way`, { hint: `hagane rollout abort -n ${name}` })
    await deleteRollout(tx, row)
    tx.append({ type: 'dev.hagane.rollout.deleted', subject: `rollout/${name}`, data: { rollout: name } })
  })
}

export const missing = (workspace: string, name: string): HaganeError =>
  new HaganeError('not_found', `no rollout '${name}' in workspace ${workspace}`, {
    hint: '`hagane rollout list` shows what there is',
  })

const nameTaken = (name: string): HaganeError =>
  new HaganeError('conflict', `rollout '${name}' already exists`, {
    hint: `each rollout has a name of its own; leave name out and one is made, or: hagane rollout delete -n ${name}`,
  })

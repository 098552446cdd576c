import type { Alert, Effect, Move, Plan, RolloutState } from './types.ts'

/** What a person, or an automation on someone's behalf, can ask of a rollout. */
export type Command =
  | { kind: 'start' }
  | { kind: 'pause'; by: string }
  | { kind: 'resume' }
  | { kind: 'approve'; by: string; comment?: string | undefined }
  | { kind: 'promote'; full: boolean; by: string; comment?: string | undefined }
  | { kind: 'abort'; by: string; comment?: string | undefined }
  | { kind: 'retry' }

export interface Refusal {
  refused: string
  hint: string
  /** Who asks is not among the approvers. */
  forbidden?: true
}

const isRefusal = (found: Move | Refusal): found is Refusal => 'refused' in found

export { isRefusal }

/** What a command makes of a rollout, or why it is refused. Effects belong into the transaction that keeps the state. */
export function commanded(plan: Plan, state: RolloutState, command: Command, now: number): Move | Refusal {
  switch (command.kind) {
    case 'start':
      return state.phase === 'Pending'
        ? begun(state, 1, now)
        : notNow(state, 'start', 'only a pending rollout can be started')
    case 'pause':
      if (state.phase !== 'Progressing') return notNow(state, 'pause', 'only a rollout on its way can be paused')
      return pausedBy(state, command.by)
    case 'resume':
      return resumed(state, now)
    case 'approve':
      if (state.pause?.reason !== 'approval') return notNow(state, 'approve', 'no step waits for an approval')
      return passed(state, command, now)
    case 'promote':
      return promoted(plan, state, command, now)
    case 'abort':
      return aborted(state, command)
    case 'retry':
      return retried(state, now)
  }
}

/** A rollout at its beginning: the candidate is being deployed. */
function begun(state: RolloutState, attempt: number, now: number): Move {
  const { approvals, round } = state
  const next: RolloutState = {
    ...{
      phase: 'Progressing',
      attempt,
      round: round + 1,
      step: -1,
      entered: true,
      since: now,
      weight: 0,
      mirror: 0,
      skipped: [],
      approvals,
    },
  }
  return { state: next, effects: [{ kind: 'begin' }, event(attempt === 1 ? 'started' : 'retried', { attempt })] }
}

const event = (what: 'started' | 'retried' | 'paused' | 'resumed' | 'approved' | 'aborted', data: object): Effect => ({
  kind: 'event',
  what,
  data: { ...data },
})

/** The alert of a pause that somebody has to end. */
const noLongerWaits = (state: RolloutState): { alert?: Alert } =>
  state.pause?.reason === 'approval' || state.pause?.reason === 'inconclusive'
    ? { alert: { about: 'waiting', state: 'resolved', why: 'somebody decided' } }
    : {}

const pausedBy = (state: RolloutState, by: string): Move => ({
  state: { ...state, phase: 'Paused', pause: { reason: 'asked' }, message: `paused by ${by}` },
  effects: [event('paused', { reason: 'asked' })],
})

/** The step where it stood, without the pause. */
function unpaused(state: RolloutState): RolloutState {
  const { pause: _, message: __, ...rest } = state
  return { ...rest, phase: 'Progressing' }
}

/** The step after the one that pauses; what was measured in it is over. */
function nextStep(state: RolloutState, now: number): RolloutState {
  const { analysis: _, ...rest } = unpaused(state)
  return { ...rest, step: state.step + 1, entered: false, since: now }
}

function resumed(state: RolloutState, now: number): Move | Refusal {
  const reason = state.phase === 'Paused' ? state.pause?.reason : undefined
  if (reason === 'asked') return { state: { ...unpaused(state), since: now }, effects: [event('resumed', { reason })] }
  const hints = {
    approval: 'it waits for an approval: `hagane rollout approve`',
    inconclusive: 'measure again with `hagane rollout retry`, pass it with `promote`, or `abort`',
    duration: 'it goes on by itself; `hagane rollout promote` does not wait',
  }
  return notNow(state, 'resume', reason === undefined ? 'it is not paused' : hints[reason])
}

type Decision = { by: string; comment?: string | undefined }

/** Who may say yes where approvers are named. */
function refusedTo(state: RolloutState, by: string): Refusal | undefined {
  const { approvers } = state.pause ?? {}
  if (approvers === undefined || approvers.includes(by) || approvers.includes(by.replace(/^[^:]*:/, '')))
    return undefined
  return {
    refused: `${by} is not among the approvers of this step`,
    hint: `approvers: ${approvers.join(', ')}`,
    forbidden: true,
  }
}

function passed(state: RolloutState, { by, comment }: Decision, now: number): Move | Refusal {
  const refusal = refusedTo(state, by)
  if (refusal !== undefined) return refusal
  const approval = {
    step: state.step,
    by,
    time: new Date(now).toISOString(),
    ...(comment === undefined ? {} : { comment }),
  }
  const reason = state.pause?.reason
  const { background, ...next } = nextStep(state, now)
  const goesOn = background === undefined || reason === 'inconclusive' ? {} : { background }
  return {
    state: { ...next, ...goesOn, approvals: [...state.approvals, approval] },
    effects: [{ ...event('approved', { ...approval, reason }), ...noLongerWaits(state) } as Effect],
  }
}

function promoted(plan: Plan, state: RolloutState, command: Decision & { full: boolean }, now: number): Move | Refusal {
  const isOnItsWay = state.phase === 'Progressing' || state.phase === 'Paused'
  if (!isOnItsWay) return notNow(state, 'promote', 'only a rollout on its way can be promoted')
  if (state.step < 0) return notNow(state, 'promote', 'the candidate does not serve yet')
  if (!command.full && state.phase !== 'Paused')
    return notNow(state, 'promote', 'no step pauses; `--full` passes all steps that are left')
  const move = passed(state, command, now)
  if (isRefusal(move) || !command.full) return move
  const named = plan.steps.slice(state.step).find(step => step.kind === 'pause' && step.approvers !== undefined)
  const refusal =
    named?.kind === 'pause' && named.approvers !== undefined
      ? refusedTo({ ...state, pause: { reason: 'approval', approvers: named.approvers } }, command.by)
      : undefined
  if (refusal !== undefined) return refusal
  const left = plan.steps.map((_, i) => i).filter(i => i >= state.step)
  const { background: _, ...rest } = move.state
  return { ...move, state: { ...rest, step: plan.steps.length, skipped: left } }
}

function aborted(state: RolloutState, { by, comment }: Decision): Move | Refusal {
  if (state.phase === 'Healthy' || state.phase === 'Degraded') return notNow(state, 'abort', 'it is over')
  const { pause: _, analysis: __, background: ___, ...rest } = state
  const why = `aborted by ${by}${comment === undefined ? '' : `: ${comment}`}`
  return {
    state: { ...rest, phase: 'Degraded', weight: 0, mirror: 0, message: why },
    effects: [
      ...(state.phase === 'Pending' ? [] : [{ kind: 'restore' } as const]),
      { ...event('aborted', { step: state.step, reason: why }), ...noLongerWaits(state) } as Effect,
    ],
  }
}

function retried(state: RolloutState, now: number): Move | Refusal {
  if (state.phase === 'Degraded') return begun(state, state.attempt + 1, now)
  if (state.pause?.reason !== 'inconclusive')
    return notNow(state, 'retry', 'only after an abort, or where a step was inconclusive')
  const { analysis: _, background: __, ...rest } = unpaused(state)
  return {
    state: { ...rest, entered: state.step < 0, since: now, round: state.round + 1 },
    effects: [{ ...event('retried', { attempt: state.attempt, step: state.step }), ...noLongerWaits(state) } as Effect],
  }
}

const notNow = (state: RolloutState, what: string, why: string): Refusal => ({
  refused: `it is ${state.phase}${state.pause === undefined ? '' : ` (${state.pause.reason})`} and cannot ${what}`,
  hint: why,
})

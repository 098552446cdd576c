import { type JobResource, jobRoutes, type SweepState, type SweepTrial, terminalStatuses } from '@hagane/contract'
import { harmless } from '../terminal/terminal.ts'
import { ask, showJob, type Watch } from './watch.ts'

interface Sweep {
  metric: string
  goal: 'minimize' | 'maximize'
  trials: Map<string, SweepTrial>
  best: number | undefined
}

/** What is known of the trials of the sweeps that are watched: the value of each, which was the best so far, why one was stopped. */
export class TrialRemarks {
  readonly #watch: Watch
  readonly #sweeps = new Map<string, Sweep>()

  constructor(watch: Watch) {
    this.#watch = watch
  }

  /** Asks how the trials of all sweeps among these jobs stand. */
  async refresh(jobs: readonly Pick<JobResource, 'name' | 'type'>[]): Promise<void> {
    for (const { name, type } of jobs) {
      if (type !== 'sweep') continue
      const sweep = this.#sweeps.get(name) ?? (await this.#begin(name))
      const { client, signal } = this.#watch
      const { trials } = await ask(this.#watch, () => client.call(jobRoutes.trials, { params: { name }, signal }))
      sweep.trials = new Map(trials.map(trial => [trial.name, trial]))
    }
  }

  async #begin(name: string): Promise<Sweep> {
    const { sweep } = await showJob(this.#watch, name)
    const begun: Sweep = {
      metric: sweep?.primary_metric ?? 'value',
      goal: sweep?.goal ?? 'minimize',
      trials: new Map(),
      best: undefined,
    }
    this.#sweeps.set(name, begun)
    return begun
  }

  /** What stands behind a trial whenever it is looked at, `  loss=0.43 (best so far)`; nothing before it has a value. */
  standing(step: Pick<JobResource, 'name' | 'parent_job_name'>): string {
    const sweep = this.#sweeps.get(step.parent_job_name ?? '')
    const trial = sweep?.trials.get(step.name)
    if (sweep === undefined || trial === undefined) return ''
    const stopped = trial.stopped === undefined ? '' : `  ${trial.stopped}`
    if (trial.value === undefined) return harmless(stopped)
    const mark = trial.name === bestOf(sweep)?.name ? ' (best so far)' : ''
    return harmless(`  ${sweep.metric}=${short(trial.value)}${mark}${stopped}`)
  }

  /** What stands behind the status of a trial that has ended, `  loss=0.43 (best so far)`; nothing for other steps. */
  of(step: Pick<JobResource, 'name' | 'status' | 'parent_job_name'>): string {
    const sweep = this.#sweeps.get(step.parent_job_name ?? '')
    const trial = sweep?.trials.get(step.name)
    if (sweep === undefined || trial === undefined || !terminalStatuses.includes(step.status)) return ''
    const stopped = trial.stopped === undefined ? '' : `  ${trial.stopped}`
    if (trial.value === undefined) return harmless(`  no ${sweep.metric} logged${stopped}`)
    const better =
      sweep.goal === 'minimize' ? trial.value < (sweep.best ?? Infinity) : trial.value > (sweep.best ?? -Infinity)
    const isBest = better && step.status !== 'Failed'
    if (isBest) sweep.best = trial.value
    return harmless(`  ${sweep.metric}=${short(trial.value)}${isBest ? ' (best so far)' : ''}${stopped}`)
  }
}

/** The first of the best trials; one that failed is none. */
function bestOf({ goal, trials }: Sweep): SweepTrial | undefined {
  let best: SweepTrial | undefined
  for (const trial of trials.values()) {
    if (trial.value === undefined || trial.status === 'Failed') continue
    const better =
      goal === 'minimize' ? trial.value < (best?.value ?? Infinity) : trial.value > (best?.value ?? -Infinity)
    if (best === undefined || better) best = trial
  }
  return best
}

const short = (value: number): string => String(Number(value.toPrecision(6)))

/** The end of a sweep: how its trials ended, the best of them, and what was not as it should be. */
export function sweepLines({ sweep, properties }: JobResource): string {
  if (sweep === undefined) return ''
  const warnings = properties['hagane.warnings']?.split('\n') ?? []
  return bestLines(sweep) + warnings.map(warning => `warning: ${harmless(warning)}\n`).join('')
}

function bestLines(sweep: SweepState): string {
  const { total, completed, stopped, failed, canceled } = sweep.trials
  const fates = Object.entries({ completed, 'stopped early': stopped, failed, canceled })
  const counts = fates.flatMap(([fate, count]) => (count === 0 ? [] : [`${count} ${fate}`]))
  const trials = `Trials: ${total}${counts.length === 0 ? '' : ` (${counts.join(', ')})`}\n`
  if (sweep.best?.value === undefined) return trials
  const values = Object.entries(sweep.best.parameters).map(([name, value]) => `${name}=${value}`)
  const metric = `${sweep.primary_metric}=${short(sweep.best.value)}`
  return `${trials}Best trial: ${harmless([sweep.best.name, metric, ...values].join('  '))}\n`
}

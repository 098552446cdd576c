import { stepToken, stepVariable } from '../step-variable.ts'
import { buildGpus, type Gpus } from './machine.ts'
import { type ProcessUse, processUses, variableOf } from './process-uses.ts'
import { type Reading, StepMeter, tableOf } from './step-meter.ts'
import { readUsageRecord, writeUsageRecord } from './usage-file.ts'

const SCAN_MS = 2000
const BATCH_MS = 10_000
/** After this long a batch is one point, the mean of its readings: a step of ten days has 86,400 points. */
const DENSE_MS = 60_000
const SCANS_PER_BATCH = BATCH_MS / SCAN_MS

/** One point of each metric, by MLflow's names (`system/…`). */
export interface UsagePoint {
  /** Epoch milliseconds. */
  timestamp: number
  /** Counts from 0 over the whole step, as MLflow counts them. */
  step: number
  values: Record<string, number>
}

export interface Measuring {
  /** Tells no more points, now and after a restart; the peak is still kept. */
  silence(): void
  /** Tells the last points and stops; never rejects. */
  end(): Promise<void>
}

export interface Sampler {
  /**
   * Measures a running step: its peak is kept in its folder, and `tell` is called about every ten seconds and at the end,
   * never twice at a time. Goes on from where an earlier process left off. `failed` hears what `tell` rejects with.
   */
  measure(
    step: { folder: string; pid: number; startedAt: string },
    tell: (points: readonly UsagePoint[]) => Promise<void>,
    failed: (error: unknown) => void,
  ): Measuring
}

/** Measures all steps of this process together: one pass over the process table every two seconds, none while no step runs. */
export function buildSampler(gpus: Gpus = buildGpus()): Sampler {
  const measured = new Set<Measured>()
  const marks = new Marks()
  let timer: NodeJS.Timeout | undefined
  let scans = 0
  let scanning: Promise<void> | undefined
  const scan = async (): Promise<void> => {
    if (scans % SCANS_PER_BATCH === 0) gpus.refresh()
    scans += 1
    const uses = await processUses()
    const at = Date.now()
    const table = tableOf(uses)
    // those that left both the group and the family of a step are few, and looked for less often
    if (scans % SCANS_PER_BATCH === 1) marks.refresh(uses)
    for (const one of measured) one.look(one.meter.look(table, marks.of(one.token), at), gpus.latest())
  }
  const scanOnce = (): Promise<void> => {
    scanning ??= scan()
      .catch(() => undefined) // no process table just now: the next look is in two seconds
      .finally(() => {
        scanning = undefined
      })
    return scanning
  }
  return {
    measure(step, tell, failed) {
      const one = new Measured(step, tell, failed)
      measured.add(one)
      timer ??= setInterval(scanOnce, SCAN_MS).unref()
      void scanOnce()
      return {
        silence: () => one.silence(),
        async end() {
          await scanning
          measured.delete(one)
          if (measured.size === 0) {
            clearInterval(timer)
            timer = undefined
          }
          await one.flush()
        },
      }
    },
  }
}

class Measured {
  readonly token: string
  readonly meter: StepMeter
  readonly #folder: string
  readonly #startedAt: number
  readonly #tell: (points: readonly UsagePoint[]) => Promise<void>
  readonly #failed: (error: unknown) => void
  #readings: Reading[] = []
  #flushedAt = Date.now()
  #telling: Promise<void> = Promise.resolve()

  constructor(
    step: { folder: string; pid: number; startedAt: string },
    tell: (points: readonly UsagePoint[]) => Promise<void>,
    failed: (error: unknown) => void,
  ) {
    this.token = stepToken(step.folder)
    this.meter = new StepMeter(step, readUsageRecord(step.folder))
    this.#folder = step.folder
    this.#startedAt = Date.parse(step.startedAt)
    this.#tell = tell
    this.#failed = failed
  }

  look(reading: Reading | undefined, gpu: Record<string, number>): void {
    if (reading === undefined) return
    this.#readings.push({ ...reading, values: { ...reading.values, ...gpu } })
    this.#keep()
    if (reading.at - this.#flushedAt >= BATCH_MS) void this.flush()
  }

  silence(): void {
    if (this.meter.record.silent === true) return
    this.meter.record.silent = true
    this.#keep()
  }

  /** Whoever asks what the step has used reads it, here and after a kill. */
  #keep(): void {
    try {
      writeUsageRecord(this.#folder, this.meter.record)
    } catch (error) {
      this.#failed(error)
    }
  }

  flush(): Promise<void> {
    this.#flushedAt = Date.now()
    const readings = this.#readings.splice(0)
    this.#telling = this.#telling.then(() => this.#pass(readings)).catch(this.#failed)
    return this.#telling
  }

  async #pass(readings: readonly Reading[]): Promise<void> {
    const { record } = this.meter
    if (readings.length === 0) return
    const dense = (readings.at(-1) as Reading).at - this.#startedAt <= DENSE_MS
    const points = (dense ? readings : [meanOf(readings)]).map(({ at, values }, i) => ({
      timestamp: at,
      step: record.points + i,
      values,
    }))
    if (record.silent === true) return
    record.points += points.length
    // first the count, so that after a kill a number is left out rather than told twice
    this.#keep()
    await this.#tell(points)
  }
}

/** The mean of each value over the readings that have it, at the time of the last. */
export function meanOf(readings: readonly Reading[]): Reading {
  const sums = new Map<string, { sum: number; count: number }>()
  for (const { values } of readings)
    for (const [name, value] of Object.entries(values)) {
      const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 }
      sums.set(name, { sum: sum + value, count: count + 1 })
    }
  const means = Array.from(sums, ([name, { sum, count }]) => [name, sum / count])
  return { at: (readings.at(-1) as Reading).at, values: Object.fromEntries(means) }
}

/** Which processes carry which step's variable. The environment of a process is read once in its life. */
class Marks {
  #tokens = new Map<string, string>()
  #byToken = new Map<string, number[]>()

  refresh(uses: readonly ProcessUse[]): void {
    const tokens = new Map<string, string>()
    this.#byToken = new Map()
    for (const use of uses) {
      const key = `${use.pid} ${use.start}`
      const token = this.#tokens.get(key) ?? variableOf(use.pid, stepVariable) ?? ''
      tokens.set(key, token)
      if (token !== '') this.#byToken.set(token, [...(this.#byToken.get(token) ?? []), use.pid])
    }
    this.#tokens = tokens
  }

  of(token: string): readonly number[] {
    return this.#byToken.get(token) ?? []
  }
}

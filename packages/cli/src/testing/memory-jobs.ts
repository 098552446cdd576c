import { HaganeError, type JobResource, jobRoutes, type StepProgress, type SweepTrial } from '@hagane/contract'
import { type Bound, bind } from './contract-server.ts'

const time = '2026-11-23T22:50:10.000Z'

/** A job as the server would show it. */
export const jobOf = (more: Partial<JobResource> & { name: string }): JobResource => ({
  id: more.name,
  type: 'command',
  status: 'Running',
  display_name: more.name,
  experiment_name: 'test',
  tags: {},
  properties: {},
  inputs: {},
  outputs: {},
  services: { Studio: { endpoint: `http://studio/jobs/${more.name}` } },
  spec: {},
  attempts: 1,
  archived: false,
  etag: '1',
  creation_context: { created_at: time, created_by: 't', last_modified_at: time, last_modified_by: 't' },
  ...more,
})

/** Jobs and logs in memory; a script changes them while the CLI looks. */
export class MemoryJobs {
  readonly jobs = new Map<string, JobResource>()
  readonly trials = new Map<string, SweepTrial[]>()
  readonly logs = new Map<string, string>()
  readonly submitted: unknown[] = []
  readonly updates: unknown[] = []
  /** Called at each question about a job, with how many there were. */
  onShow: (asked: number) => void = () => undefined
  #asked = 0

  readonly routes: readonly Bound[] = [
    bind(jobRoutes.create, ({ body }) => {
      this.submitted.push(body)
      return this.set(jobOf({ name: body.job.name ?? 'made_up_1', type: body.job.type }))
    }),
    bind(jobRoutes.list, ({ query }) => {
      const jobs = [...this.jobs.values()].filter(job => job.parent_job_name === query.parent_job_name)
      const start = Number(query.cursor ?? 0)
      const items = jobs.slice(start, start + query.limit)
      const next = start + items.length
      return { items, ...(next < jobs.length ? { next_cursor: String(next) } : {}) }
    }),
    bind(jobRoutes.validate, ({ body }) => {
      this.submitted.push(body)
      return { ok: true as const, warnings: [] }
    }),
    bind(jobRoutes.show, ({ params }) => {
      this.#asked += 1
      this.onShow(this.#asked)
      return this.get(params.name)
    }),
    bind(jobRoutes.update, ({ params, body }) => {
      this.updates.push(body)
      return this.get(params.name)
    }),
    bind(jobRoutes.cancel, ({ params }) => this.set({ ...this.get(params.name), status: 'CancelRequested' })),
    bind(jobRoutes.progress, ({ params }) => {
      this.#asked += 1
      this.onShow(this.#asked)
      const { status, type } = this.get(params.name)
      return { type, status, version: this.#asked, steps: this.#stepsBelow(params.name, '') }
    }),
    bind(jobRoutes.trials, ({ params }) => ({ trials: this.trials.get(params.name) ?? [] })),
    bind(jobRoutes.log, ({ params, query }) =>
      Buffer.from(this.logs.get(params.name) ?? '').subarray(query.offset, query.offset + 7),
    ),
  ]

  #stepsBelow(name: string, prefix: string): StepProgress[] {
    const children = [...this.jobs.values()].filter(job => job.parent_job_name === name).reverse()
    return children.flatMap(({ name: child, step, type, status, reuse }) => {
      const label = prefix + (step ?? child)
      const reused = reuse?.from === undefined ? {} : { reused_from: reuse.from }
      return [
        { name: child, parent_job_name: name, label, type, status, ...reused },
        ...this.#stepsBelow(child, `${label}/`),
      ]
    })
  }

  get(name: string): JobResource {
    const job = this.jobs.get(name)
    if (job === undefined) throw new HaganeError('not_found', `no job '${name}'`)
    return job
  }

  set(job: JobResource): JobResource {
    this.jobs.set(job.name, job)
    return job
  }

  change(name: string, more: Partial<JobResource>): void {
    this.set({ ...this.get(name), ...more })
  }

  write(name: string, text: string): void {
    this.logs.set(name, (this.logs.get(name) ?? '') + text)
  }
}

import { HaganeError, type JobInput, type JobResource, type JobSpec } from '@hagane/contract'
import { TryLater } from '../../../kernel/tasks/index.ts'
import type { Bench } from './bench.ts'

/** How long a run waits before it looks again whether the job of a component has ended. */
const LOOK_AGAIN_MS = 2000
const ENDED = ['Completed', 'Failed', 'Canceled']
const LONGEST_NAME = 200

interface ComponentRun {
  /** Of the run: part of the job's name, so that the job exists once whatever is killed. */
  readonly step: string
  readonly component: string
  readonly inputs: Readonly<Record<string, JobInput>>
  readonly output: string
  readonly compute?: string | undefined
}

/**
 * The job of a component, which the first call submits and later ones find again. Throws TryLater until it has ended, so that a run
 * holds no place while it waits; and invalid, with what the job says, when it failed.
 */
export async function jobOfComponent(bench: Bench, run: ComponentRun): Promise<JobResource> {
  const { needs, about } = bench
  const name = `${about.run.slice(0, LONGEST_NAME)}.${run.step}`.slice(0, 255)
  const [known] = await needs.jobs.named(about.workspace, [name])
  if (known === undefined) await submit(bench, name, run)
  if (known === undefined || !ENDED.includes(known.status)) throw later(bench)
  if (known.status === 'Completed') return known
  throw new HaganeError('invalid', `job ${name} of component ${run.component} ended as ${known.status}`, {
    hint: `hagane job show -n ${name}`,
  })
}

const later = ({ needs }: Bench): TryLater => new TryLater(new Date(needs.db.clock.now().getTime() + LOOK_AGAIN_MS))

async function submit({ needs, about }: Bench, name: string, run: ComponentRun): Promise<void> {
  const { component, inputs, output, compute } = run
  const job: JobSpec = {
    type: 'pipeline',
    name,
    display_name: name,
    experiment_name: 'monitors',
    properties: { 'hagane.monitor': about.monitor, 'hagane.monitor_run': about.run },
    outputs: { [output]: { type: 'mltable' } },
    settings: { force_rerun: true },
    jobs: {
      judge: {
        type: 'command',
        component,
        inputs: { ...inputs },
        outputs: { [output]: `\${{parent.outputs.${output}}}` },
        ...(compute === undefined ? {} : { compute }),
      },
    },
  } as JobSpec
  const who = { workspace: about.workspace, actor: `monitor:${about.monitor}` }
  await needs.jobs
    .submit(who, { job }, async () => {})
    .catch((error: unknown) => {
      // another server was first
      if (!(error instanceof HaganeError) || error.kind !== 'conflict') throw error
    })
}

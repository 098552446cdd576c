import { treeUri } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { eventsBefore } from '../../kernel/events/index.ts'

/** A table that a training run read. */
export interface TrainingInput {
  /** The input of the job. */
  readonly input: string
  /** Content that the server holds. */
  readonly uri: string
  /** What people know it by. */
  readonly name: string
}

interface Read {
  readonly tree: string
  readonly path: string
  readonly from?: string
}

/** Inputs that are called so come first. */
const TRAINING = /train/i

/**
 * The content that the makers of a model version read, as the event log has it: inputs that are called after training first. A
 * step that took over the results of an earlier one is followed to that one.
 */
export async function trainingInputs(
  db: Database,
  workspace: string,
  makers: readonly string[],
): Promise<TrainingInput[]> {
  const found: { name: string; input: TrainingInput }[] = []
  for (const job of makers) {
    const reads = (await inputsOf(db, workspace, job)) ?? (await inputsOfOrigin(db, workspace, job)) ?? {}
    for (const [name, { tree, path, from }] of Object.entries(reads))
      found.push({ name, input: { input: name, uri: treeUri(tree, path), name: from ?? name } })
  }
  const isTraining = ({ name, input }: (typeof found)[number]): boolean =>
    TRAINING.test(name) || TRAINING.test(input.name)
  return [...found.filter(isTraining), ...found.filter(one => !isTraining(one))].map(({ input }) => input)
}

async function newest(db: Database, workspace: string, job: string, what: string): Promise<Record<string, unknown>> {
  const [event] = await eventsBefore(db, undefined, 1, {
    workspace,
    subject: `job/${job}`,
    type: `dev.hagane.job.${what}`,
  })
  return event === undefined ? {} : (JSON.parse(event.data) as Record<string, unknown>)
}

async function inputsOf(db: Database, workspace: string, job: string): Promise<Record<string, Read> | undefined> {
  const { inputs } = await newest(db, workspace, job, 'starting')
  return inputs as Record<string, Read> | undefined
}

async function inputsOfOrigin(db: Database, workspace: string, job: string): Promise<Record<string, Read> | undefined> {
  const { reused_from: origin } = await newest(db, workspace, job, 'completed')
  return typeof origin === 'string' ? inputsOf(db, workspace, origin) : undefined
}

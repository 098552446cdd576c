import { HaganeError, nameSchema, type OnlineDeploymentSpec } from '@hagane/contract'
import type { Tx } from '../../kernel/db/index.ts'
import type { Place } from './place.ts'

/** A folder that a collection of a deployment is written to, as a data asset. */
export interface CollectedData {
  name: string
  version: string
  /** As the author gives it; undefined for the usual place. */
  path: string | undefined
  endpoint: string
  deployment: string
  collection: string
}

/** Registers collected data. Throws conflict where the name and version are another's. */
export type RegisterCollected = (tx: Tx, data: CollectedData) => Promise<void>

/**
 * Registers the data assets of what a deployment collects, by Azure ML's names: `data.name` and `data.version`, else
 * `<endpoint>-<deployment>-<collection>`, version 1. A name that nobody chose gives way to data that has it already.
 */
export async function registerCollected(
  tx: Tx,
  { endpoint, name: deployment }: Place,
  { data_collector }: OnlineDeploymentSpec,
  register: RegisterCollected,
): Promise<void> {
  for (const [given, { enabled, data = {} }] of Object.entries(data_collector?.collections ?? {})) {
    const collection = given.toLowerCase()
    const name = data.name ?? `${endpoint}-${deployment}-${collection}`
    if (enabled !== true || !nameSchema.safeParse(name).success) continue
    const { version = '1', path } = data
    await register(tx, { name, version, path, endpoint, deployment, collection }).catch((error: unknown) => {
      if (!(error instanceof HaganeError) || error.kind !== 'conflict') throw error
      if (data.name !== undefined) throw taken(given, name, version)
    })
  }
}

function taken(collection: string, name: string, version: string): HaganeError {
  const property = `data_collector.collections.${collection}.data`
  return new HaganeError(
    'conflict',
    `${property}: data ${name}:${version} exists already, and is not this collection`,
    {
      details: [{ property, message: 'the name and version are taken', sent: `${name}:${version}` }],
      hint: 'choose another name or version, or leave out data.name',
    },
  )
}

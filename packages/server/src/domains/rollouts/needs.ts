import type { Database, Tx } from '../../kernel/db/index.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Collection } from '../collection/index.ts'
import type { Endpoints } from '../endpoints/index.ts'
import type { Gates } from '../gates/index.ts'
import type { Models } from '../models/index.ts'

/** What rollouts ask of others. */
export interface RolloutNeeds {
  db: Database
  log: Logger
  endpoints: Pick<Endpoints, 'steering' | 'operating'>
  questions: Pick<Collection['questions'], 'predictions' | 'compare'>
  gates: Pick<Gates, 'run' | 'find' | 'require'>
  /** Looks again at what is due, now. */
  wake(): void
  models: {
    resolve: Models['resolve']
    setAlias(tx: Tx, name: string, alias: string, version: string): Promise<void>
  }
}

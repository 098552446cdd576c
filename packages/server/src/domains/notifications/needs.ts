import type { Database } from '../../kernel/db/index.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Sender } from '../../kernel/outgoing/index.ts'
import type { Secrets } from '../../kernel/secrets.ts'
import type { Mailer, RunFacts } from './channels/index.ts'

/** What notifications ask of others. */
export interface NotificationNeeds {
  db: Database
  log: Logger
  secrets: Secrets
  serverId: string
  sender: Sender
  /** Undefined where no SMTP server is configured. */
  mailer: Mailer | undefined
  /** Address of this server as people reach it. */
  url: () => string
  /** What tracking knows of a run. */
  run(workspace: string, name: string): Promise<RunFacts | undefined>
}

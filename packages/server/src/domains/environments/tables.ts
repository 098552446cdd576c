import type { EnvironmentBuild } from '@hagane/contract'

export type EnvironmentTables = {
  /** What a definition was resolved to, once for each interpreter version and platform; the lock's text is a blob of that digest. */
  environment_locks: {
    definition_digest: string
    python: string
    platform: string
    lock_digest: string
    packages: number
    /** JSON list of sentences. */
    deviations: string
    created_at: string
  }
  /** The last build of each definition on this server. */
  environment_builds: {
    definition_digest: string
    state: EnvironmentBuild['state']
    lock_digest: string | null
    python: string | null
    packages: number | null
    deviations: string
    error: string | null
    started_at: string
    finished_at: string | null
  }
}

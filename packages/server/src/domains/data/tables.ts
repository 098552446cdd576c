import type { DataProfile } from '@hagane/contract'

export type DataTables = {
  /** At most one for each version of a data asset; made anew when it is asked for again. */
  data_profiles: {
    workspace: string
    name: string
    version: string
    status: DataProfile['status']
    /** JSON of the TableProfile, once ready. */
    profile: string | null
    error: string | null
    asked_at: string
    computed_at: string | null
  }
  datastores: {
    workspace: string
    name: string
    /** JSON of the specification, without credentials. */
    spec: string
    /** JSON of the credentials, encrypted. */
    sealed: string | null
    created_at: string
    created_by: string
    modified_at: string
  }
}

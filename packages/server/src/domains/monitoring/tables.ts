/** Tables of migration 0090. A monitor itself is a row of `schedules`. JSON is text, times are RFC 3339 text. */
export type MonitoringTables = {
  monitor_runs: {
    monitor_id: string
    /** Counts the runs of a monitor from 1. */
    seq: number
    workspace: string
    monitor: string
    name: string
    kind: 'tick' | 'manual'
    /** The moment that is judged. */
    time: string
    /** Of the monitor as it was then: trigger and definition. */
    definition: string
    status: 'Queued' | 'Running' | 'Completed' | 'Failed'
    result: 'healthy' | 'breached' | 'not_judged' | null
    error: string | null
    /** SignalResult[] without findings. */
    summary: string
    /** SignalResult[]; null before the end, and of old runs. */
    results: string | null
    created_at: string
    finished_at: string | null
  }
  /** What is beyond its threshold. */
  monitor_findings: {
    monitor_id: string
    key: string
    signal: string
    finding: string
    since: string
    run: string
    /** End of the window that saw it last. */
    judged: string
  }
  /** The newest window that was judged: an older one changes no state any more. */
  monitor_judged: { monitor_id: string; signal: string; window_end: string }
  /** Profiles of whole hours of what was collected. */
  monitor_profiles: {
    workspace: string
    endpoint: string
    deployment: string
    hour: string
    /** Digest of what columns were taken for. */
    basis: string
    /** Digest of the files that the hour was made of. */
    content: string
    profile: string
  }
  /** What was measured once of a reference. */
  monitor_references: {
    workspace: string
    /** Digest of the content. */
    content: string
    /** What was measured, e.g. profile. */
    basis: string
    /** The model version that was trained on it. */
    model: string | null
    measured: string
    created_at: string
  }
  /** Deployments that were given a monitor, and when data of theirs was last collected. */
  monitor_defaults: {
    workspace: string
    endpoint: string
    deployment: string
    monitor: string
    data_at: string | null
  }
}

export type RunRow = MonitoringTables['monitor_runs']
export type FindingRow = MonitoringTables['monitor_findings']
export type DefaultRow = MonitoringTables['monitor_defaults']

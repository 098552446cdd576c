/** Tables of migration 0097. */
export type ServiceMetricTables = {
  /** What a source counted of a subject in a stretch of time; the same figures stand there once for each resolution. */
  service_metrics: {
    /** Empty: of the whole installation. */
    workspace: string
    subject: string
    /** Seconds: 10, 60 or 3600. */
    resolution: number
    /** Begin of the stretch in epoch seconds, a multiple of the resolution. */
    bucket: number
    source: string
    /** `Figures` as JSON. */
    figures: string
  }
  /** How far the counters of each subject had come when a source last told of them. */
  service_metric_totals: {
    source: string
    workspace: string
    subject: string
    /** Which beginning of the counters `totals` belongs to. */
    since: string
    /** Earlier beginnings, as a JSON list: samples of these come too late. */
    before: string
    /** Of the last sample that was taken. */
    seq: number
    /** Epoch seconds of it. */
    seen: number
    /** Metrics with their parts, as a JSON list. */
    names: string
    /** `Totals` as JSON. */
    totals: string
  }
}

export type MetricRow = ServiceMetricTables['service_metrics']
export type TotalsRow = ServiceMetricTables['service_metric_totals']

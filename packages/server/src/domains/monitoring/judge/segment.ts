import type { MonitorSignal } from '@hagane/contract'

/** Rows that have one of the values in a column: Azure ML's `data_segment`. */
export interface Segment {
  readonly column: string
  readonly values: readonly unknown[]
}

/** The part of the data that a signal is about; undefined for all of it. */
export function segmentOf(signal: MonitorSignal): Segment | undefined {
  const said = 'data_segment' in signal ? (signal.data_segment as DataSegment | undefined) : undefined
  return said === undefined ? undefined : { column: said.feature_name, values: said.feature_values }
}

interface DataSegment {
  readonly feature_name: string
  readonly feature_values: readonly unknown[]
}

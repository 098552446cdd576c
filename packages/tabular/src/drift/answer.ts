import type { Engine } from '../engine.ts'
import { compareTables } from './exact/compare-tables.ts'
import { compareRows } from './multivariate/compare-rows.ts'
import { estimatePerformance } from './performance/estimate.ts'
import { measurePerformance } from './performance/measure.ts'
import { profileSketch } from './sketch/profile-table.ts'
import type { AnyDriftRequest, DriftResults, DriftSource } from './types.ts'

export function answerDrift(engine: Engine, request: AnyDriftRequest): Promise<DriftResults[keyof DriftResults]> {
  switch (request.kind) {
    case 'drift':
      return compareTables(engine, request)
    case 'profile-sketch':
      return profileSketch(engine, request)
    case 'performance':
      return measurePerformance(engine, request)
    case 'estimate':
      return estimatePerformance(engine, request)
    case 'multivariate':
      return compareRows(engine, request)
  }
}

/** Folders that the sources of a request lie below. */
export function rootsOfDrift(request: AnyDriftRequest): string[] {
  const sources: (DriftSource | undefined)[] =
    request.kind === 'profile-sketch'
      ? [request.source]
      : request.kind === 'performance'
        ? [request.source, request.labels?.source]
        : [request.reference, request.current]
  const roots = sources.flatMap(source =>
    source === undefined ? [] : ['collected' in source ? source.collected.root : source.root],
  )
  return [...new Set(roots)]
}

import { metricResolutions, type ServiceSample, type SubjectFigures } from '@hagane/contract'
import { type Figures, figuresSince, isEmpty, mergeFigures, type Totals } from './figures.ts'

/** How far a source had come with a subject. */
export interface Known {
  workspace: string
  subject: string
  since: string
  before: string[]
  seq: number
  seen: number
  names: string[]
  totals: Totals
}

/** Where figures belong. */
export interface Place {
  workspace: string
  subject: string
  resolution: number
  bucket: number
}

export interface Folded {
  /** What is to be added, by place. */
  figures: { place: Place; figures: Figures }[]
  /** The subjects that moved on. */
  known: Known[]
}

/** Beginnings that are remembered, so that a late sample of one of these is not counted again. */
const mostBefore = 8

export const keyOf = ({ workspace, subject }: { workspace: string; subject: string }): string =>
  `${workspace} ${subject}`
export const placeKey = (place: Place): string => `${keyOf(place)} ${place.resolution} ${place.bucket}`

/**
 * What samples add to what is kept. A sample that was taken before adds nothing, counters that began again are counted
 * from 0, and samples that never arrived are in the next one's difference. `now`, in epoch ms: nothing is of the future.
 */
export function foldSamples(known: ReadonlyMap<string, Known>, samples: readonly ServiceSample[], now: number): Folded {
  const added = new Map<string, { place: Place; figures: Figures }>()
  const moved = new Map<string, Known>()
  for (const sample of samples.toSorted((a, b) => a.seq - b.seq)) {
    const middle = Math.min(now, Date.parse(sample.time) - sample.seconds * 500) / 1000
    for (const said of sample.subjects) {
      const key = keyOf(said)
      const before = moved.get(key) ?? known.get(key)
      if (before !== undefined && isLate(before, said, sample.seq)) continue
      const figures = figuresSince(said, before?.since === said.since ? before.totals : undefined)
      moved.set(key, movedOn(before, said, sample.seq, middle))
      if (isEmpty(figures)) continue
      for (const place of placesOf(said, middle)) add(added, place, figures)
    }
  }
  return { figures: [...added.values()], known: [...moved.values()] }
}

const isLate = (before: Known, { since }: SubjectFigures, seq: number): boolean =>
  before.since === since ? seq <= before.seq : before.before.includes(since)

function movedOn(before: Known | undefined, said: SubjectFigures, seq: number, middle: number): Known {
  const { workspace, subject, since, counters, gauges, histograms } = said
  const ended = before === undefined || before.since === since ? [] : [before.since]
  const names = new Set(before?.names)
  for (const figures of [counters, gauges, histograms]) for (const name of Object.keys(figures)) names.add(name)
  return {
    ...{ workspace, subject, since, seq },
    before: [...ended, ...(before?.before ?? [])].slice(0, mostBefore),
    seen: Math.floor(middle),
    names: [...names].sort(),
    totals: { counters, histograms },
  }
}

const placesOf = ({ workspace, subject }: SubjectFigures, middle: number): Place[] =>
  metricResolutions.map(resolution => ({
    ...{ workspace, subject, resolution },
    bucket: Math.floor(middle / resolution) * resolution,
  }))

function add(added: Map<string, { place: Place; figures: Figures }>, place: Place, figures: Figures): void {
  const key = placeKey(place)
  const there = added.get(key)
  added.set(key, { place, figures: there === undefined ? figures : mergeFigures(there.figures, figures) })
}

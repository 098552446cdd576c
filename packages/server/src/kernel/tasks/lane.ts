/** What tasks wait in: those of one lane are equal to the scheduler and go in their order. */
export interface Lane {
  kind: string
  /** 0 first, 99 last. */
  rank: number
  /** Whose limits hold, e.g. a compute. */
  queue: string
  /** Among whom turns are shared, e.g. users. */
  share: string
}

const MIDDLE = 50

/** Rank of a priority: higher priorities first, at most 49 either way. */
export const rankOf = (priority: number): number => Math.min(99, Math.max(1, MIDDLE - Math.round(priority)))

/** A lane as one sortable text: kind, then rank; parts hold no blank. */
export const laneText = ({ kind, rank, queue, share }: Lane): string =>
  [encodeURIComponent(kind), String(rank).padStart(2, '0'), encodeURIComponent(queue), encodeURIComponent(share)].join(
    ' ',
  )

export function parseLane(text: string): Lane {
  const [kind = '', rank = '50', queue = '', share = ''] = text.split(' ')
  return {
    kind: decodeURIComponent(kind),
    rank: Number(rank),
    queue: decodeURIComponent(queue),
    share: decodeURIComponent(share),
  }
}

/** The lanes of a kind lie between these two texts: '!' is the character after the blank. */
export const lanesOf = (kind: string): { from: string; to: string } => ({
  from: `${encodeURIComponent(kind)} `,
  to: `${encodeURIComponent(kind)}!`,
})

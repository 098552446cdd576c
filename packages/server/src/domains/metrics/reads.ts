import type { Database } from '../../kernel/db/index.ts'
import { type Figures, readFigures } from './figures.ts'
import type { ServiceMetricTables } from './tables.ts'

const on = (db: Database) => db.reads.withTables<ServiceMetricTables>()

/** What is of the whole installation is told in every workspace. */
const placesOf = (workspace: string): string[] => [workspace, '']
/** Below `subject/`: '0' is the character after the slash. */
const below = (subject: string) => ({ from: `${subject}/`, to: `${subject}0` })

/** A subject and all that stand below it, which were measured since a time in epoch seconds; at most `limit`. */
export async function subjectsBelow(
  db: Database,
  workspace: string,
  subject: string,
  since: number,
  limit: number,
): Promise<string[]> {
  const { from, to } = below(subject)
  const rows = await on(db)
    .selectFrom('service_metric_totals')
    .select('subject')
    .distinct()
    .where('workspace', 'in', placesOf(workspace))
    .where(one => one.or([one('subject', '=', subject), one('subject', '>=', from).and('subject', '<', to)]))
    .where('seen', '>=', since)
    .limit(limit)
    .execute()
  return rows.map(row => row.subject)
}

export interface MeasuredRow {
  subject: string
  names: string[]
  /** Epoch seconds. */
  seen: number
}

/** Measured subjects in order of their names, after `after`. Several sources of one are one. */
export async function listSubjects(
  db: Database,
  workspace: string,
  subject: string | undefined,
  after: string,
  limit: number,
): Promise<MeasuredRow[]> {
  const wanted = subject === undefined ? undefined : below(subject)
  let query = on(db)
    .selectFrom('service_metric_totals')
    .select('subject')
    .distinct()
    .where('workspace', 'in', placesOf(workspace))
    .where('subject', '>', after)
  if (wanted !== undefined)
    query = query.where(one =>
      one.or([
        one('subject', '=', subject as string),
        one('subject', '>=', wanted.from).and('subject', '<', wanted.to),
      ]),
    )
  const names = (await query.orderBy('subject').limit(limit).execute()).map(row => row.subject)
  if (names.length === 0) return []
  const rows = await on(db)
    .selectFrom('service_metric_totals')
    .select(['subject', 'names', 'seen'])
    .where('workspace', 'in', placesOf(workspace))
    .where('subject', 'in', names)
    .execute()
  const bySubject = Map.groupBy(rows, row => row.subject)
  return names.map(name => {
    const of = bySubject.get(name) ?? []
    const all = new Set(of.flatMap(row => JSON.parse(row.names) as string[]))
    return { subject: name, names: [...all].sort(), seen: Math.max(...of.map(row => Number(row.seen))) }
  })
}

export interface KeptFigures {
  subject: string
  source: string
  /** Epoch seconds. */
  bucket: number
  figures: Figures
}

/** What is kept of subjects at one resolution, from `from` to before `to` in epoch seconds, in order of time. */
export async function figuresOf(
  db: Database,
  workspace: string,
  subjects: readonly string[],
  { resolution, from, to }: { resolution: number; from: number; to: number },
): Promise<KeptFigures[]> {
  if (subjects.length === 0) return []
  const rows = await on(db)
    .selectFrom('service_metrics')
    .select(['subject', 'source', 'bucket', 'figures'])
    .where('workspace', 'in', placesOf(workspace))
    .where('subject', 'in', subjects)
    .where('resolution', '=', resolution)
    .where('bucket', '>=', from)
    .where('bucket', '<', to)
    .orderBy('bucket')
    .execute()
  return rows.map(row => ({ ...row, bucket: Number(row.bucket), figures: readFigures(row.figures) }))
}

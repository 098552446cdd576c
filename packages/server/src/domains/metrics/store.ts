import type { Database, Tx } from '../../kernel/db/index.ts'
import { type Figures, mergeFigures, readFigures, writeFigures } from './figures.ts'
import { type Known, keyOf, type Place, placeKey } from './fold.ts'
import type { MetricRow, ServiceMetricTables, TotalsRow } from './tables.ts'

type Writing = Tx['db']
const on = (db: Writing) => db.withTables<ServiceMetricTables>()

/** SQLite takes 32,766 values in a statement; a row has at most nine. */
const rowsAtOnce = 1000

function* parts<T>(all: readonly T[]): Generator<T[]> {
  for (let at = 0; at < all.length; at += rowsAtOnce) yield all.slice(at, at + rowsAtOnce)
}

/** How far a source has come, by subject; read where it is written, so that nothing is counted twice. */
export async function knownOf(db: Writing, source: string): Promise<Map<string, Known>> {
  const rows = await on(db).selectFrom('service_metric_totals').selectAll().where('source', '=', source).execute()
  return new Map(rows.map(row => [keyOf(row), toKnown(row)]))
}

const toKnown = ({ workspace, subject, since, ...row }: TotalsRow): Known => ({
  ...{ workspace, subject, since },
  before: JSON.parse(row.before) as string[],
  seq: Number(row.seq),
  seen: Number(row.seen),
  names: JSON.parse(row.names) as string[],
  totals: JSON.parse(row.totals) as Known['totals'],
})

export async function keepKnown(db: Writing, source: string, known: readonly Known[]): Promise<void> {
  const rows = known.map(({ before, names, totals, ...plain }): TotalsRow => {
    const texts = { before: JSON.stringify(before), names: JSON.stringify(names), totals: JSON.stringify(totals) }
    return { source, ...plain, ...texts }
  })
  for (const some of parts(rows))
    await on(db)
      .insertInto('service_metric_totals')
      .values(some)
      .onConflict(conflict =>
        conflict.columns(['source', 'workspace', 'subject']).doUpdateSet(row => ({
          since: row.ref('excluded.since'),
          before: row.ref('excluded.before'),
          seq: row.ref('excluded.seq'),
          seen: row.ref('excluded.seen'),
          names: row.ref('excluded.names'),
          totals: row.ref('excluded.totals'),
        })),
      )
      .execute()
}

/** Adds to what a source has told of these stretches of time. */
export async function addFigures(
  db: Writing,
  source: string,
  added: readonly { place: Place; figures: Figures }[],
): Promise<void> {
  const there = await figuresAt(db, source, added)
  const rows = added.map(({ place, figures }): MetricRow => {
    const before = there.get(placeKey(place))
    return { source, ...place, figures: writeFigures(before === undefined ? figures : mergeFigures(before, figures)) }
  })
  for (const some of parts(rows))
    await on(db)
      .insertInto('service_metrics')
      .values(some)
      .onConflict(conflict =>
        conflict
          .columns(['workspace', 'subject', 'resolution', 'bucket', 'source'])
          .doUpdateSet(row => ({ figures: row.ref('excluded.figures') })),
      )
      .execute()
}

async function figuresAt(
  db: Writing,
  source: string,
  added: readonly { place: Place }[],
): Promise<Map<string, Figures>> {
  const found = new Map<string, Figures>()
  const byResolution = Map.groupBy(added, ({ place }) => place.resolution)
  for (const [resolution, of] of byResolution) {
    const rows = await on(db)
      .selectFrom('service_metrics')
      .selectAll()
      .where('resolution', '=', resolution)
      .where('bucket', 'in', [...new Set(of.map(({ place }) => place.bucket))])
      .where('source', '=', source)
      .execute()
    for (const row of rows) found.set(placeKey({ ...row, bucket: Number(row.bucket) }), readFigures(row.figures))
  }
  return found
}

const deletedAtOnce = 5000

/** Deletes figures of a resolution from before a time, in epoch seconds, a part at a time. */
export async function deleteBefore(db: Database, resolution: number, before: number): Promise<void> {
  for (;;) {
    const gone = await db.relaxed(async writing => {
      const oldest = await on(writing)
        .selectFrom('service_metrics')
        .select('bucket')
        .where('resolution', '=', resolution)
        .where('bucket', '<', before)
        .orderBy('bucket')
        .offset(deletedAtOnce)
        .limit(1)
        .executeTakeFirst()
      await on(writing)
        .deleteFrom('service_metrics')
        .where('resolution', '=', resolution)
        .where('bucket', '<', oldest === undefined ? before : Number(oldest.bucket))
        .execute()
      return oldest
    })
    if (gone === undefined) return
  }
}

/** Forgets subjects of which nothing is kept any more. */
export async function forgetSubjects(db: Database, before: number): Promise<void> {
  await db.relaxed(writing => on(writing).deleteFrom('service_metric_totals').where('seen', '<', before).execute())
}

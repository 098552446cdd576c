import type { Database } from '../db/index.ts'

/** Moves a consumer's cursor. A cut of power may take it back: then the consumer sees those events again. */
export async function moveCursor(db: Database, name: string, cursor: number): Promise<void> {
  await db.relaxed(on =>
    on
      .insertInto('consumers')
      .values({ name, cursor })
      .onConflict(conflict => conflict.column('name').doUpdateSet({ cursor }))
      .execute(),
  )
}

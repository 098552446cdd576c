import type { ServiceSamples } from '@hagane/contract'
import { type Database, lockUntilCommit } from '../../kernel/db/index.ts'
import { foldSamples } from './fold.ts'
import { addFigures, keepKnown, knownOf } from './store.ts'

/**
 * Takes what a source tells, in one transaction: the figures of all resolutions and how far the source has come. So a
 * sample is counted once however often it is sent, to whichever server, and whenever one dies. Relaxed: a power cut may
 * take the last ones back, and they are in the difference of the next.
 */
export async function takeSamples(db: Database, { source, samples }: ServiceSamples): Promise<void> {
  const now = db.clock.now().getTime()
  await db.relaxed(async writing => {
    await lockUntilCommit({ db: writing, dialect: db.dialect }, `service metrics ${source}`)
    const { figures, known } = foldSamples(await knownOf(writing, source), samples, now)
    await addFigures(writing, source, figures)
    await keepKnown(writing, source, known)
  })
}

import { parseLock } from '@hagane/environments'
import type { Database, Who } from '../../../kernel/db/index.ts'
import { recordFailure } from '../lock-and-build.ts'
import { findBuilds } from '../reads.ts'
import type { Resolved } from '../references.ts'
import { changeBuild, startBuild } from '../store.ts'
import type { Image } from './images.ts'

/** What is kept, and told by events, of images that are pulled, built and found. */
export function containerRecords(db: Database) {
  return {
    begun: (who: Who, { defined }: Resolved): Promise<void> =>
      db.withTransaction(who, tx => startBuild(tx, defined.digest, 'building')),
    failed: (who: Who, resolved: Resolved, error: unknown): Promise<void> =>
      recordFailure(db, { who, resolved }, error),
    /** Once for each lock: steps that find the same one say nothing. */
    async ready(
      who: Who,
      resolved: Resolved,
      { lockDigest, lock, image }: { lockDigest: string; lock: string; image: Image },
    ): Promise<void> {
      const { digest } = resolved.defined
      const row = (await findBuilds(db, [digest])).get(digest)
      if (row?.state === 'succeeded' && row.lock_digest === lockDigest) return
      const { python, entries } = parseLock(lock)
      const facts = { lock_digest: lockDigest, python, packages: entries.length }
      await db.withTransaction(who, async tx => {
        if (row?.state !== 'building') await startBuild(tx, digest, 'building')
        await changeBuild(tx, digest, {
          ...{ state: 'succeeded', ...facts, deviations: '[]' },
          finished_at: tx.now.toISOString(),
        })
        tx.append({
          type: 'dev.hagane.environment.built',
          subject: resolved.subject,
          data: { definition_digest: digest, ...facts, image: image.reference, image_id: image.id },
        })
      })
    },
  }
}

export type ContainerRecords = ReturnType<typeof containerRecords>

import { createHash } from 'node:crypto'
import { blobRoutes, type GitState } from '@hagane/contract'
import type { Invocation } from '../invocation.ts'
import { gitState, workingDiff } from './git-state.ts'

/** What git says about a folder, with the diff against the commit uploaded; files that seem to hold secrets stay here. */
export async function submittedState(call: Invocation, folder: string): Promise<GitState | undefined> {
  const state = await gitState(folder)
  if (state === undefined || !state.dirty) return state
  const diff = await workingDiff(folder)
  if (diff === undefined) return state
  if (diff.withheld.length > 0)
    call.warn(
      `changes of ${diff.withheld.slice(0, 5).join(', ')} seem to hold secrets and are left out of the recorded diff; code is uploaded as it is: see .amlignore`,
    )
  const bytes = Buffer.from(diff.text)
  const digest = createHash('sha256').update(bytes).digest('hex')
  const { missing } = await call.client.call(blobRoutes.missing, { body: { digests: [digest] } })
  if (missing.length > 0) await call.client.call(blobRoutes.put, { params: { digest }, body: bytes })
  const { withheld, cut } = diff
  return { ...state, diff: { digest, size: bytes.length, cut, withheld: withheld.slice(0, 1000) } }
}

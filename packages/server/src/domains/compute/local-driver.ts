import {
  adopt,
  buildSampler,
  type ContentStore,
  clean,
  collect,
  collectArtifacts,
  type RunningStep,
  ranOutOfMemory,
  readLog,
  type Sampler,
  type StepPlan,
  stage,
  start,
  tail,
  usageOf,
} from '@hagane/runner'
import type { BlobStore } from '../../kernel/blobs/index.ts'

/** Steps as processes of this machine, by the runner; content goes straight to and from this server's own store. */
export interface LocalDriver {
  start(work: StepPlan): Promise<RunningStep>
  adopt: typeof adopt
  collect(folder: string): ReturnType<typeof collect>
  collectArtifacts(folder: string): ReturnType<typeof collectArtifacts>
  readLog: typeof readLog
  tail: typeof tail
  clean: typeof clean
  ranOutOfMemory: typeof ranOutOfMemory
  measure: Sampler['measure']
  usageOf: typeof usageOf
}

export function buildLocalDriver(blobs: BlobStore): LocalDriver {
  const content: ContentStore = {
    openBlob: digest => blobs.open(digest),
    copyBlob: blobs.copyTo,
    getTree: blobs.getTree,
    materialize: blobs.materialize,
    putFile: blobs.putFile,
    putTree: blobs.putTree,
  }
  return {
    start: async work => start(await stage(work, content)),
    adopt,
    collect: folder => collect(folder, content),
    collectArtifacts: folder => collectArtifacts(folder, content),
    readLog,
    tail,
    clean,
    ranOutOfMemory,
    measure: buildSampler().measure,
    usageOf,
  }
}

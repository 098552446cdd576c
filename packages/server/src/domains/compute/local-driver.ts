import {
  adopt,
  buildSampler,
  type ContentStore,
  clean,
  collect,
  collectArtifacts,
  ranOutOfMemory,
  readLog,
  stage,
  start,
  tail,
  usageOf,
} from '@hagane/runner'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { ComputeDriver } from './driver.ts'

/** Steps as processes of this machine, by the runner; content goes straight to and from this server's own store. */
export function buildLocalDriver(blobs: BlobStore): ComputeDriver {
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

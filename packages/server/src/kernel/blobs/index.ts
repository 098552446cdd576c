export type { BlobStore } from './blob-store.ts'
export { openFileStore } from './file-store.ts'
export { openLocalAccess } from './local-access.ts'
export { subtree } from './tree.ts'

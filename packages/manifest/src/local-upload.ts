import { HaganeError } from '@hagane/contract'
import { isMap, own, type Pointer, propertyName } from './tree.ts'

/** A file or folder of the user's machine that has to be uploaded before the resource can be sent. */
export interface LocalUpload {
  /** Where in the resource the reference to the uploaded content belongs. */
  readonly pointer: Pointer
  /** Absolute path. */
  readonly file: string
  readonly as: 'file' | 'folder'
  readonly purpose: 'code' | 'data' | 'model' | 'environment-build'
  /** Absolute paths of files and folders to be put beside the code under their base names. */
  readonly additionalIncludes?: readonly string[]
}

/** The resource with references such as `hagane://trees/<digest>` at the pointers of its uploads. */
export function withUploads<R extends object>(
  resource: R,
  references: readonly { pointer: Pointer; uri: string }[],
): R {
  const copy = structuredClone(resource)
  for (const { pointer, uri } of references) {
    let owner: unknown = copy
    for (const key of pointer.slice(0, -1)) {
      owner = Array.isArray(owner) ? owner[Number(key)] : isMap(owner) ? own(owner, String(key)) : undefined
    }
    const last = pointer.at(-1)
    if (!isMap(owner) || last === undefined) {
      throw new HaganeError('internal', `the resource has no property ${propertyName(pointer)} to put an upload at`)
    }
    owner[last] = uri
  }
  return copy
}

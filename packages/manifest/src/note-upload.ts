import type { Loading } from './loading.ts'
import { isLocalPath, localPath } from './local-path.ts'
import type { LocalUpload } from './local-upload.ts'
import { nearby } from './missing-file.ts'
import { type Cursor, own } from './tree.ts'

/** Notes the local path at a key for upload and makes it absolute in the tree. Answers what lies there. */
export async function noteUpload(
  loading: Loading,
  cursor: Cursor,
  key: string,
  purpose: LocalUpload['purpose'],
): Promise<'file' | 'folder' | undefined> {
  const sent = own(cursor.map, key)
  if (typeof sent !== 'string' || !isLocalPath(sent)) return undefined
  const path = localPath(sent)
  if (path === '') {
    loading.wrong(cursor, key, 'the path is empty', { sent, hint: 'write . for the folder of this file' })
    return undefined
  }
  const file = loading.files.resolve(cursor.home.directory, path)
  const as = await loading.kindOf(file)
  if (as === 'missing') {
    const base = cursor.home.directory
    const { near, hint } = await nearby(loading.files, file, undefined, base)
    const asset = purpose === 'code' ? '' : '; a registered asset is written azureml:<name>:<version>'
    loading.wrong(cursor, key, `there is no file or folder ${file}${near}`, { sent, hint: `${hint}${asset}` })
    return undefined
  }
  cursor.map[key] = file
  loading.uploads.push({ pointer: [...cursor.pointer, key], file, as, purpose })
  return as
}

/** Notes `code` for upload together with `additional_includes`, which disappears: the uploaded code holds the files. */
export async function noteCode(loading: Loading, cursor: Cursor): Promise<void> {
  const before = loading.uploads.length
  await noteUpload(loading, cursor, 'code', 'code')
  const includes = own(cursor.map, 'additional_includes')
  if (!Array.isArray(includes) || includes.length === 0 || !includes.every(item => typeof item === 'string')) return
  const upload = loading.uploads[before]
  if (upload === undefined) {
    if (own(cursor.map, 'code') === undefined) {
      loading.wrong(cursor, 'additional_includes', 'there is no code to put these files beside', {
        hint: 'add code: . (or another folder)',
      })
    }
    return
  }
  const files = includes.map(item => loading.files.resolve(cursor.home.directory, localPath(item)))
  for (const [index, file] of files.entries()) {
    if ((await loading.kindOf(file)) !== 'missing') continue
    // `<folder>.zip` means: zip that folder; the uploader does it.
    if (/\.zip$/i.test(file) && (await loading.kindOf(file.slice(0, -4))) === 'folder') continue
    const base = cursor.home.directory
    const { near, hint } = await nearby(loading.files, file, undefined, base)
    const message = `there is no file or folder ${file}${near}`
    loading.wrong(cursor, 'additional_includes', message, { sent: includes[index], hint })
  }
  delete cursor.map.additional_includes
  loading.uploads[before] = { ...upload, additionalIncludes: files }
}

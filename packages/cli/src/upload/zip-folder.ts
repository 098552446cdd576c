import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import { HaganeError } from '@hagane/contract'
import { listFiles } from './walk.ts'

const mostEntries = 0xffff
const mostBytes = 0xffff_ffff
const version = 20
const deflated = 8
const utf8Names = 0x0800
/** 1 January 1980, the first date that ZIP knows: the same folder always gives the same archive. */
const date = 0x0021

/**
 * Packs a folder of code into a ZIP archive, paths beginning with the folder's name, as Azure ML does for
 * `additional_includes: [<folder>.zip]`. Format: PKWARE APPNOTE 6.3, without ZIP64.
 */
export function zipFolder(folder: string): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { path, file } of listFiles(folder, 'code')) {
    const name = Buffer.from(`${basename(folder)}/${path}`)
    const content = readFileSync(file)
    const packed = deflateRawSync(content)
    const facts = factsOf(name, crc32(content), packed.length, content.length)
    const local = Buffer.concat([numbers([0x04034b50, 4]), facts, name, packed])
    directory.push(Buffer.concat([numbers([0x02014b50, 4], [version, 2]), facts, centralTail(offset), name]))
    parts.push(local)
    offset += local.length
  }
  if (directory.length > mostEntries || offset > mostBytes) {
    throw new HaganeError('too_large', `${folder} is too large for a ZIP archive`, {
      hint: 'include the folder itself, without .zip',
    })
  }
  const central = Buffer.concat(directory)
  return Buffer.concat([...parts, central, endOf(directory.length, central.length, offset)])
}

/** What the local and the central header of an entry have in common, from the version on. */
const factsOf = (name: Buffer, crc: number, packed: number, size: number) =>
  numbers(
    ...[[version, 2] as const, [utf8Names, 2] as const, [deflated, 2] as const, [0, 2] as const, [date, 2] as const],
    ...[[crc, 4] as const, [packed, 4] as const, [size, 4] as const, [name.length, 2] as const, [0, 2] as const],
  )

/** Comment, disk, attributes, and where the local header is. */
const centralTail = (offset: number) => numbers([0, 2], [0, 2], [0, 2], [0, 4], [offset, 4])

const endOf = (count: number, size: number, offset: number) =>
  numbers([0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [size, 4], [offset, 4], [0, 2])

/** Little-endian numbers of 2 or 4 bytes one after the other. */
function numbers(...fields: (readonly [value: number, bytes: 2 | 4])[]): Buffer {
  const buffer = Buffer.alloc(fields.reduce((sum, [, bytes]) => sum + bytes, 0))
  let at = 0
  for (const [value, bytes] of fields) at = buffer.writeUIntLE(value % 2 ** 32, at, bytes)
  return buffer
}

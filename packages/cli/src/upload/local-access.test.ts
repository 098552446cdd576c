import { hash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localAccessDigits, localAccessFile } from '@hagane/contract'
import { afterAll, expect, it } from 'vitest'
import { readAccess } from './local-access.ts'

const folder = mkdtempSync(join(tmpdir(), 'hagane-access-'))
afterAll(() => rmSync(folder, { recursive: true }))
const key = 'ab'.repeat(localAccessDigits / 2)

it('takes a key, and nothing else that a server may name', () => {
  const file = join(folder, localAccessFile)
  writeFileSync(file, key)
  expect(readAccess(file, hash('sha256', key))).toBe(key)
  writeFileSync(join(folder, 'id_rsa'), key)
  expect(readAccess(join(folder, 'id_rsa'), hash('sha256', key))).toBeUndefined()
  for (const other of [`${key}0`, key.slice(1), 'secret words here '.padEnd(localAccessDigits, '.')]) {
    writeFileSync(file, other)
    expect(readAccess(file, hash('sha256', other))).toBeUndefined()
  }
})

it('gives no key to a server that does not know it', () => {
  const file = join(folder, localAccessFile)
  writeFileSync(file, key)
  expect(readAccess(file, hash('sha256', 'cd'.repeat(localAccessDigits / 2)))).toBeUndefined()
})

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing/deployments.ts'

/** Appends lines until no more fit, and then a short one, with a file size that the system limits to a few blocks. */
const program = (file: string) => `
import { openSync } from 'node:fs'
import { appendWhole } from ${JSON.stringify(join(import.meta.dirname, 'append.ts'))}
const descriptor = openSync(${JSON.stringify(file)}, 'ax')
let size = 0
try {
  for (;;) size = appendWhole(descriptor, size, Buffer.from('x'.repeat(99) + '\\n'))
} catch (error) {
  console.log(error.code, appendWhole(descriptor, size, Buffer.from('y\\n')))
}`

test('a line that no longer fits leaves nothing behind, and a shorter one follows whole lines', () => {
  const file = join(temporaryFolder(), 'lines')
  const limited = `ulimit -f 8; trap '' XFSZ; exec "$0" --input-type=module-typescript -e "$1"`
  const said = execFileSync('/bin/sh', ['-c', limited, process.execPath, program(file)], { encoding: 'utf8' })
  const lines = readFileSync(file, 'utf8').split('\n')
  expect(said.trim()).toBe(`EFBIG ${(lines.length - 2) * 100 + 2}`)
  expect(lines.slice(-2)).toEqual(['y', ''])
  expect(new Set(lines.slice(0, -2))).toEqual(new Set(['x'.repeat(99)]))
})

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing/deployments.ts'
import { lockFolder } from './folder-lock.ts'

const module = join(import.meta.dirname, 'folder-lock.ts')
const inAnotherProcess = (folder: string): string =>
  spawnSync(process.execPath, [
    '--input-type=module',
    '-e',
    `import { lockFolder } from ${JSON.stringify(module)}
     try { lockFolder(${JSON.stringify(folder)}, 'gateway'); console.log('held') } catch (error) { console.log(error.kind) }`,
  ]).stdout.toString()

test('a folder has one holder; a holder that is gone leaves nothing behind', () => {
  const folder = temporaryFolder()
  const lock = lockFolder(folder, 'gateway')
  expect(inAnotherProcess(folder)).toBe('conflict\n')
  lock.release()
  expect(inAnotherProcess(folder)).toBe('held\n')
  expect(inAnotherProcess(folder)).toBe('held\n')
})

import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { adopt, clean, start, tail } from './index.ts'
import { freshFolder, runCommand, staged } from './testing/steps.ts'

it('what a step left is removed, its records stay and still tell how it ended', async () => {
  const { folder, exit } = await runCommand('echo bye; echo x > outputs/x; exit 3', {
    outputs: [{ name: 'o', kind: 'folder' }],
  })
  await clean(folder)
  expect(readdirSync(folder).sort()).toEqual([
    'begun',
    'ended',
    'exit.json',
    'log.txt',
    'started',
    'step.json',
    'times',
  ])
  expect(await adopt(folder)).toEqual({ state: 'exited', exit })
  expect(await tail(folder, 1)).toEqual(['bye'])
})

it('a cleaned step does not run again', async () => {
  const step = await staged('echo ran')
  await (await start(step)).exit
  await clean(step.folder)
  await (await start(step)).exit
  expect(readFileSync(join(step.folder, 'log.txt'), 'utf8')).toBe('ran\n')
})

it('a running step is not cleaned', async () => {
  const running = await start(await staged('sleep 1000'))
  await expect(clean(running.folder)).rejects.toMatchObject({ kind: 'conflict' })
  await running.cancel(0)
  await clean(running.folder)
  expect(existsSync(join(running.folder, 'work'))).toBe(false)
})

it('folders without write permission go, what links lead to stays', async () => {
  const outside = freshFolder()
  writeFileSync(join(outside, 'mine'), 'x')
  const { folder } = await runCommand(
    `mkdir -p ro/deep; touch ro/deep/f; ln -s ${outside} ro/link; chmod -R a-w ro/deep ro`,
  )
  await clean(folder)
  expect(readFileSync(join(outside, 'mine'), 'utf8')).toBe('x')
})

it('outputs at a path of their own stay', async () => {
  const path = freshFolder()
  const outputs = [{ name: 'o', kind: 'folder' as const, path }]
  const { folder } = await runCommand(`echo kept > ${path}/x`, { outputs })
  await clean(folder)
  expect(readFileSync(join(path, 'x'), 'utf8')).toBe('kept\n')
})

it('a step that was staged and never started can be cleaned, its short link goes', async () => {
  const folder = join(freshFolder(), 'd'.repeat(90))
  const { environment } = await staged('true', { folder })
  const link = environment.TMPDIR ?? ''
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
  await clean(folder)
  expect(lstatSync(link, { throwIfNoEntry: false })).toBeUndefined()
  expect(readdirSync(folder)).toEqual(['step.json'])
})

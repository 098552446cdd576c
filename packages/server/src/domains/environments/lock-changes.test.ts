import { printLock } from '@hagane/environments'
import { expect, it } from 'vitest'
import { printContainerLock } from './container/container-lock.ts'
import { changesOfLocks } from './lock-changes.ts'

const definition = 'd'.repeat(64)
const image = (digit: string) => ({ reference: 'python:3.12-slim', id: digit.repeat(64) })
const six = { name: 'six', version: '1.17.0', hashes: ['a'.repeat(64)] }
const packages = printLock({ python: '3.12.1', platform: 'linux', definition, fromSource: [], entries: [six] })

it('two locks of one name whose image is another differ in the image alone', () => {
  const lock = (digit: string) => printContainerLock({ definition, image: image(digit), packages })
  expect(changesOfLocks(lock('1'), lock('1'))).toEqual({ packages: [], rebuilt: [] })
  expect(changesOfLocks(lock('1'), lock('2'))).toEqual({
    image: { before: 'python:3.12-slim (111111111111)', after: 'python:3.12-slim (222222222222)' },
    packages: [],
    rebuilt: [],
  })
})

it('a step that moves into a container has an image that it had not', () => {
  expect(changesOfLocks(packages, printContainerLock({ definition, image: image('1'), packages })).image).toEqual({
    after: 'python:3.12-slim (111111111111)',
  })
})

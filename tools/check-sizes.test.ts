import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkSizes } from './check-sizes.ts'
import { plantedFolder, plantedTree } from './planted-tree.ts'
import { readTree } from './source-tree.ts'

const path = 'packages/cli/src/a.ts'
const lines = (count: number) => 'export {}\n'.repeat(count)
const longFunction = (count: number) => `export const long = () => {\n${'  go()\n'.repeat(count - 2)}}\n`

test('a file of 300 lines passes, one of 301 is told to split', () => {
  expect(checkSizes(plantedTree({ [path]: lines(300) }))).toEqual([])
  const [finding] = checkSizes(plantedTree({ [path]: lines(301) }))
  expect(finding?.problem).toBe('file has 301 lines, at most 300 are allowed')
  expect(finding?.fix).toContain('split it')
})

test('a function of 50 lines passes, one of 51 is named with its line', () => {
  expect(checkSizes(plantedTree({ [path]: longFunction(50) }))).toEqual([])
  const [finding] = checkSizes(plantedTree({ [path]: `\n${longFunction(51)}` }))
  expect(finding).toMatchObject({ file: path, line: 2, problem: 'function long has 51 lines, at most 50 are allowed' })
})

test('a function that only holds small functions passes, however many', () => {
  const inner = `  const f = () => {\n${'    go()\n'.repeat(30)}  }\n`
  expect(checkSizes(plantedTree({ [path]: `export const build = () => {\n${inner.repeat(5)}}\n` }))).toEqual([])
  const own = '  go()\n'.repeat(49)
  const [finding] = checkSizes(plantedTree({ [path]: `export const build = () => {\n${inner}${own}}\n` }))
  expect(finding?.problem).toBe('function build has 52 lines, at most 50 are allowed')
})

test('methods and properties are named by their key', () => {
  const text = `export const o = { run() {\n${'\n'.repeat(60)}} }\nexport class C { stop() {\n${'\n'.repeat(60)}} }`
  const problems = checkSizes(plantedTree({ [path]: text })).map(({ problem }) => problem.split(' has')[0])
  expect(problems).toEqual(['function run', 'function stop'])
})

test('a describe block may be long, a test file may not', () => {
  const test = 'packages/cli/src/a.test.ts'
  expect(checkSizes(plantedTree({ [test]: longFunction(200) }))).toEqual([])
  expect(checkSizes(plantedTree({ [test]: lines(301) }))).toHaveLength(1)
})

test('the ratchet tolerates the size it names and no line more', () => {
  const ratchet = { 'tools/ratchet.json': `{ "${path}": 310 }` }
  expect(checkSizes(plantedTree({ [path]: lines(310), ...ratchet }))).toEqual([])
  expect(checkSizes(plantedTree({ [path]: lines(311), ...ratchet }))[0]?.problem).toContain('at most 310')
})

test('the ratchet must follow when a file shrinks or is healed', () => {
  const ratchet = { 'tools/ratchet.json': `{ "${path}": 310 }` }
  expect(checkSizes(plantedTree({ [path]: lines(305), ...ratchet }))[0]).toMatchObject({
    problem: `${path} shrank from 310 to 305`,
    fix: expect.stringContaining('--shrink'),
  })
  expect(checkSizes(plantedTree({ [path]: lines(10), ...ratchet }))[0]?.problem).toContain('healed or gone')
})

test('an entry that the last commit did not have is refused', () => {
  const root = plantedFolder({ [path]: lines(310), 'tools/ratchet.json': '{}' })
  const git = (...parameters: string[]) =>
    execFileSync('git', ['-C', root, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...parameters])
  git('init', '-q')
  git('add', '-A')
  git('commit', '-qm', 'first', '--no-gpg-sign')
  writeFileSync(join(root, 'tools/ratchet.json'), `{ "${path}": 310 }`)
  const [finding] = checkSizes(readTree(root))
  expect(finding?.problem).toBe(`${path} was added: the list may only shrink`)
  expect(finding?.fix).toContain('take the entry back')
})

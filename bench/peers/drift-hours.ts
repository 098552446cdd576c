import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareProfiles, mergeProfiles, type Profile, planOf } from '../../packages/tabular/src/index.ts'
import { runHere } from '../../packages/tabular/src/run-here.ts'

const HOURS = 720
const ROWS = 2000
const COLUMNS = 20

/**
 * drift-hours.ts FOLDER: a month of hourly profiles of 20 columns, kept as a monitor keeps it: the sum of all whole days, and each hour of
 * the days at the edges. Then the minute: new rows are profiled, what is kept is read and added, and the whole compared with the reference. Milliseconds of ten
 * such minutes.
 */
const folder = process.argv[2] ?? ''
mkdirSync(join(folder, 'kept'))
const names = Array.from({ length: COLUMNS }, (_, i) => `x${i}`)
const table = (name: string, rows: number, seed: number) => {
  let state = seed
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const line = () => names.map(() => draw() + draw() + draw()).join(',')
  const path = join(folder, `${name}.csv`)
  writeFileSync(path, `${names.join(',')}\n${Array.from({ length: rows }, line).join('\n')}\n`)
  return { name, path, root: folder }
}
const profile = (source: ReturnType<typeof table>, plan?: ReturnType<typeof planOf>): Promise<Profile> =>
  runHere({ kind: 'profile-sketch', source, ...(plan === undefined ? {} : { plan }) })

const reference = await profile(table('reference', 100_000, 1))
const plan = planOf(reference)
const some: Profile[] = []
for (let i = 0; i < 12; i++) some.push(await profile(table('hour', ROWS, i + 2), plan))
const hour = (i: number) => some[i % some.length] as Profile
const days = Math.floor(HOURS / 24) - 1
const sums = Array.from({ length: days }, (_, day) =>
  mergeProfiles(...Array.from({ length: 24 }, (_, i) => hour(day + i))),
)
keep(`days-${days}`, mergeProfiles(...sums))
for (let i = 0; i < HOURS - 24 * days; i++) keep(`hour-${i}`, hour(i))

function keep(name: string, one: Profile): void {
  writeFileSync(join(folder, 'kept', `${name}.json`), JSON.stringify(one))
}

const minute = table('minute', 100, 99)
const times: number[] = []
let rows = 0
for (let round = 0; round < 10; round++) {
  const started = performance.now()
  const kept = readdirSync(join(folder, 'kept')).map(
    name => JSON.parse(readFileSync(join(folder, 'kept', name), 'utf8')) as Profile,
  )
  const fresh = await profile(minute, plan)
  const month = mergeProfiles(...kept, fresh)
  compareProfiles(reference, month)
  rows = month.rows
  times.push(performance.now() - started)
}
process.stdout.write(`${JSON.stringify({ times, rows })}\n`)

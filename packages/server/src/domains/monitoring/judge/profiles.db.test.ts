import type { WindowPart, WindowProfile, WindowProfilesRequest } from '@hagane/tabular'
import { eachDialect } from '@hagane/testkit'
import { beforeEach, expect, it } from 'vitest'
import { deleteProfiles } from '../store.ts'
import type { MonitoringTables } from '../tables.ts'
import type { Bench } from './bench.ts'
import { windowSummary } from './profiles.ts'

const HOUR_MS = 3_600_000
const start = Date.parse('2026-03-01T00:00:00Z')
const hourAt = (n: number): string => new Date(start + n * HOUR_MS).toISOString().slice(0, 13)
const rowsIn = ({ since, until }: WindowPart): number => (Date.parse(until) - Date.parse(since)) / 60_000

/** An hour with a row a minute. */
function profileOf(part: WindowPart): WindowProfile {
  const rows = rowsIn(part)
  const column = { name: 'x', kind: 'boolean' as const, count: rows, nulls: 0, infinite: 0, type_errors: 0 }
  const inputs = [{ name: 'x', column: 'x', type: 'boolean' }]
  return { hour: part.hour, profile: { version: 1, rows, columns: [column] }, inputs, outputs: [], newest: part.until }
}

eachDialect('the profile of a window', database => {
  let asked: string[]
  let contents: Map<string, string>
  let unsettled: Set<string>
  let model = 0
  beforeEach(() => {
    asked = []
    contents = new Map(Array.from({ length: 60 }, (_, n) => [hourAt(n), 'a']))
    unsettled = new Set()
    model += 1
  })

  const bench = (): Bench =>
    ({
      about: { workspace: 'default', monitor: 'm', model: `m:${model}` },
      signal: new AbortController().signal,
      needs: {
        db: database.db(),
        collected: {
          hours: async (_: unknown, from: Date, to: Date) =>
            [...contents]
              .filter(([hour]) => hour >= from.toISOString().slice(0, 13) && hour <= to.toISOString().slice(0, 13))
              .map(([hour, content]) => ({ hour, content, settled: !unsettled.has(hour) })),
          async ask(_: unknown, __: unknown, request: (sources: never) => WindowProfilesRequest) {
            const { parts } = request({} as never)
            asked.push(...parts.map(({ hour, since, until }) => `${hour} ${rowsIn({ hour, since, until })}`))
            return parts.map(profileOf)
          },
        },
      },
    }) as unknown as Bench
  const target = () => ({ endpoint: 'e', deployment: `d${model}` })
  const minutes = async (from: number, to: number): Promise<number> => {
    asked = []
    const window = { start: new Date(start + from * HOUR_MS), end: new Date(start + to * HOUR_MS) }
    const { profile } = await windowSummary(bench(), target(), window, async () => ({}))
    expect(profile.columns[0]?.count ?? 0).toBe(profile.rows)
    return profile.rows
  }

  it('is read once, hour by hour, and then is the sum of what was kept', async () => {
    expect(await minutes(0, 60)).toBe(60 * 60)
    // the first hour says what columns are, and is not read again for that
    expect(asked).toHaveLength(60)
    expect(await minutes(0, 60)).toBe(60 * 60)
    expect(asked).toEqual([])
    expect(await minutes(1, 60)).toBe(59 * 60)
    expect(asked).toEqual([])
  })

  it('reads the edges alone when it moves by minutes', async () => {
    await minutes(0, 60)
    expect(await minutes(0.5, 59.25)).toBe(58.75 * 60)
    expect(asked).toEqual([`${hourAt(0)} 30`, `${hourAt(59)} 15`])
  })

  it('reads an hour again when more of it became tables, and the day that it belongs to follows', async () => {
    await minutes(0, 60)
    contents.set(hourAt(30), 'b')
    expect(await minutes(0, 60)).toBe(60 * 60)
    expect(asked).toEqual([`${hourAt(30)} 60`])
    expect(await minutes(0, 60)).toBe(60 * 60)
    expect(asked).toEqual([])
    contents.delete(hourAt(30))
    expect(await minutes(0, 60)).toBe(59 * 60)
    expect(asked).toEqual([])
  })

  it('adds up all whole days once, again when an old hour changes, and forgets the sum with the data', async () => {
    const sum = async () => {
      const rows = await database
        .db()
        .reads.withTables<MonitoringTables>()
        .selectFrom('monitor_profiles')
        .selectAll()
        .where('endpoint', '=', 'e')
        .where('deployment', '=', `d${model}`)
        .where('hour', 'like', 'days-%')
        .execute()
      return rows.map(({ hour, content, profile }) => ({ hour, content, rows: JSON.parse(profile).profile.rows }))
    }
    await minutes(0, 60)
    const [before] = await sum()
    expect(before).toMatchObject({ hour: 'days-2', rows: 48 * 60 })
    expect(await minutes(0, 60)).toBe(60 * 60)
    contents.set(hourAt(5), 'late')
    expect(await minutes(0, 60)).toBe(60 * 60)
    expect(asked).toEqual([`${hourAt(5)} 60`])
    const [after, ...others] = await sum()
    expect(others).toEqual([])
    expect(after?.content).not.toBe(before?.content)
    await database
      .db()
      .withTransaction({ workspace: 'default', actor: 'a' }, tx => deleteProfiles(tx, 'e', [hourAt(5)]))
    expect(await sum()).toEqual([])
  })

  it('is the sum of a month of hours with gaps, wherever its edges lie', async () => {
    contents = new Map(
      Array.from({ length: 720 }, (_, n) => n)
        .filter(n => n % 7 !== 3 && (n < 100 || n > 180))
        .map(n => [hourAt(n), 'a']),
    )
    const hoursIn = (from: number, to: number) =>
      [...contents.keys()].filter(hour => hour >= hourAt(from) && hour < hourAt(to)).length
    expect(await minutes(0, 720)).toBe(hoursIn(0, 720) * 60)
    for (const from of [1, 24, 30, 101, 150, 190]) {
      expect(await minutes(from, 720)).toBe(hoursIn(from, 720) * 60)
      expect(asked).toEqual([])
    }
    contents.set(hourAt(200), 'late')
    expect(await minutes(24, 720)).toBe(hoursIn(24, 720) * 60)
    expect(asked).toEqual([`${hourAt(200)} 60`])
  })

  it('keeps nothing of an hour whose captures are still to become tables', async () => {
    unsettled.add(hourAt(2))
    await minutes(0, 24)
    await minutes(0, 24)
    expect(asked).toEqual([`${hourAt(2)} 60`])
  })

  it('is empty, without a question, where nothing was collected', async () => {
    contents.clear()
    expect(await minutes(0, 60)).toBe(0)
    expect(asked).toEqual([])
  })
})

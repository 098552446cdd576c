import type { WindowPart, WindowProfile, WindowProfilesRequest } from '@hagane/tabular'
import { eachDialect } from '@hagane/testkit'
import { beforeEach, expect, it } from 'vitest'
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

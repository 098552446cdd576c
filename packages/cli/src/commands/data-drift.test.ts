import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderWith } from '../testing/files.ts'
import { runCli } from '../testing/run-cli.ts'

const rows = (of: (i: number) => string) => Array.from({ length: 200 }, (_, i) => of(i)).join('\n')
const then = `id,x,kind\n${rows(i => `${i},${i % 17},${i % 2 === 0 ? 'a' : 'b'}`)}\n`
const now = `id,x,kind\n${rows(i => `${i},${(i % 17) + 9},${i % 2 === 0 ? 'a' : '<b>&'}`)}\n`
const files = { 'then.csv': then, 'now.csv': now }
const argv = ['data', 'drift', '--reference', 'then.csv', '--current', 'now.csv', '--id', 'id']

describe('data drift', () => {
  it('tells of every metric without a server, as JSON or as a table', async () => {
    const cwd = folderWith(files)
    const json = await runCli([...argv, '-o', 'json'], { cwd })
    const report = JSON.parse(json.out)
    expect([json.code, report.drifted, report.features.map((one: { feature: string }) => one.feature)]).toEqual([
      0,
      true,
      ['x', 'kind'],
    ])
    expect(report.features[1].new_categories).toEqual([{ value: '<b>&', count: 100 }])
    const table = await runCli([...argv, '-o', 'table'], { cwd })
    expect(table.out).toMatch(/x\s+numeric\s+two_sample_kolmogorov_smirnov_test\s+\S+\s+0\.05.*BREACHED/)
    expect(table.err).toContain('DRIFTED: 2 of 2 columns (x, kind); 200 rows then, 200 now')
  })
  it('ends with 1 on drift when asked, and writes a page that shows what it is given', async () => {
    const cwd = folderWith(files)
    const failed = await runCli([...argv, '--fail-on-drift', '--html', 'out/d.html', '--report', 'out/d.json'], { cwd })
    expect(failed.code).toBe(1)
    expect(JSON.parse(readFileSync(join(cwd, 'out/d.json'), 'utf8'))).toMatchObject({ drifted: true })
    const page = readFileSync(join(cwd, 'out/d.html'), 'utf8')
    expect(page).toContain('&#60;b&#62;&#38;')
    expect(page).not.toContain('<b>')
    expect(page).not.toMatch(/<script|https?:/)
  })
  it('takes thresholds of all columns, of one, and of the table', async () => {
    const cwd = folderWith(files)
    const lax = ['--threshold', 'normalized_wasserstein_distance=5', 'chi_squared_test=0', '--fail-on-drift']
    expect((await runCli([...argv, ...lax], { cwd })).code).toBe(0)
    const strict = ['--threshold', 'x:hellinger_distance=0.01', 'volume_ratio=2']
    const { out, code } = await runCli([...argv, ...lax, ...strict, '-o', 'json'], { cwd })
    expect(code).toBe(1)
    const breached = JSON.parse(out).features[0].metrics.filter((one: { breached: boolean }) => one.breached)
    expect(breached).toMatchObject([{ metric: 'hellinger_distance', threshold: 0.01 }])
  })
  it('takes an empty table and columns that are gone for no proof that nothing moved', async () => {
    const cwd = folderWith({ ...files, 'empty.csv': 'id,x,kind\n', 'less.csv': then.replaceAll(/,[^,\n]*$/gm, '') })
    const say = (current: string) =>
      runCli(
        [...argv, '--current', current, '--threshold', 'hellinger_distance=0.5', '--fail-on-drift', '-o', 'table'],
        { cwd },
      )
    const empty = await say('empty.csv')
    expect([empty.code, empty.err]).toEqual([1, expect.stringContaining('NOTHING TO COMPARE: 0 of 2 columns')])
    expect(empty.out).toMatch(/x\s+numeric\s+hellinger_distance\s+0\.5\s+not judged/)
    const less = await say('less.csv')
    expect([less.code, less.err]).toEqual([
      1,
      expect.stringContaining('no drift of the table: 0 of 1 columns; 200 rows then, 200 now; columns gone: kind'),
    ])
  })
  it('says what is wrong with a threshold, a kind, a column and a path', async () => {
    const cwd = folderWith(files)
    const say = async (...more: string[]) => (await runCli([...argv, ...more], { cwd })).err
    expect(await say('--threshold', 'helinger_distance=1')).toContain("did you mean 'hellinger_distance'")
    expect(await say('--threshold', 'hellinger_distance=high')).toContain("'high' is no number")
    expect(await say('--kind', 'x=number')).toContain('kinds: numeric, categorical')
    expect(await say('--features', 'y')).toContain('both tables have x, kind')
    expect(await say('--current', 'nowhere.csv')).toContain('nowhere.csv')
    expect(await say('--current', 'flights:1')).toContain('on a server')
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataProfileRoutes, dataValidationRoutes, type TableProfile } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { bind } from '../testing/contract-server.ts'
import { folderWith } from '../testing/files.ts'
import { MemoryStore } from '../testing/memory-store.ts'
import { runCli } from '../testing/run-cli.ts'
import { withRoutes } from '../testing/with-routes.ts'

const expectations = 'name: people\ncolumns:\n  id: {unique: true}\n  age: {min: 0}\n'
const files = { 'good.csv': 'id,age\n1,20\n2,30\n', 'bad.csv': 'id,age\n1,20\n1,-3\n', 'e.yml': expectations }

describe('data validate', () => {
  it('checks a file of this machine without a server, and ends with 0', async () => {
    const { code, out } = await runCli(['data', 'validate', '-f', 'e.yml', '--data', 'good.csv'], {
      cwd: folderWith(files),
    })
    expect([code, out.trim().split('\n').at(-1)]).toEqual([0, 'passed: people, 2 of 2 expectations hold over 2 rows'])
  })
  it('ends with 1 when one fails, names column, observed, allowed and rows, and writes both reports', async () => {
    const cwd = folderWith(files)
    const argv = [
      'data',
      'validate',
      '-f',
      'e.yml',
      '--data',
      'bad.csv',
      '--report',
      'out/r.json',
      '--junit',
      'out/r.xml',
    ]
    const { code, out } = await runCli(argv, { cwd })
    expect(code).toBe(1)
    expect(out).toContain(
      'FAIL  age: min: 1 of 2 rows fail; allowed: at least 0\n      {"row number":2,"id":1,"age":-3}',
    )
    expect(JSON.parse(readFileSync(join(cwd, 'out/r.json'), 'utf8'))).toMatchObject({ passed: false, data: 'bad.csv' })
    expect(readFileSync(join(cwd, 'out/r.xml'), 'utf8')).toContain('tests="2" failures="2"')
  })
  it('prints the report as JSON or as a table', async () => {
    const cwd = folderWith(files)
    const json = await runCli(['data', 'validate', '-f', 'e.yml', '--data', 'bad.csv', '-o', 'json'], { cwd })
    expect(JSON.parse(json.out)).toMatchObject({ rows: 2, results: [{ column: 'age' }, { column: 'id' }] })
    const table = await runCli(['data', 'validate', '-f', 'e.yml', '--data', 'bad.csv', '-o', 'table'], { cwd })
    expect(table.out).toMatch(/FAILED\s+age\s+min/)
  })
  it('measures drift against a reference beside the file, or one of the command line', async () => {
    const cwd = folderWith({ ...files, 'sub/e.yml': 'reference: ../good.csv\ndrift: {psi: 0.1}\n' })
    const argv = ['data', 'validate', '-f', 'sub/e.yml', '--data', 'good.csv']
    expect((await runCli(argv, { cwd })).code).toBe(0)
    expect((await runCli([...argv, '--reference', 'bad.csv'], { cwd })).out).toContain('FAIL  age: drift psi')
  }, 120_000)
  it('names the line of a mistake, and a table that is nowhere', async () => {
    const cwd = folderWith({ ...files, 'e.yml': expectations.replace('min', 'mn') })
    const typo = await runCli(['data', 'validate', '-f', 'e.yml', '--data', 'good.csv'], { cwd })
    expect(typo.err).toMatch(/e\.yml:4:9: columns\.age\.mn: unknown property 'mn'; did you mean 'min'/)
    for (const data of ['./goood.csv', 'goood.csv']) {
      const { code, err } = await runCli(['data', 'validate', '-f', 'e.yml', '-d', data], { cwd: folderWith(files) })
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(/--data: there is no file or folder .*goood\.csv; did you mean 'good\.csv'\?/),
      ])
    }
  })
  it('asks the server about an asset, and uploads what it is compared with', async () => {
    const bodies: unknown[] = []
    const store = new MemoryStore()
    const answer = { name: 'n', data: 'd', passed: true, rows: 1, checked_at: '', results: [] }
    const route = bind(dataValidationRoutes.validate, ({ body }) => {
      bodies.push(body)
      return answer
    })
    await withRoutes([...store.routes, route], async run => {
      const cwd = folderWith({ ...files, 'e.yml': 'reference: good.csv\ndrift: {psi: 0.1}\n' })
      expect((await run('data', 'validate', '-f', join(cwd, 'e.yml'), '--data', 'flights:2')).code).toBe(0)
    })
    expect(bodies).toMatchObject([
      { data: 'azureml:flights:2', expectations: { reference: expect.stringMatching(/^hagane:..trees.*good.csv$/) } },
    ])
  })
})

describe('data diff', () => {
  it('compares files of this machine without a server', async () => {
    const { out, code } = await runCli(['data', 'diff', 'good.csv', 'bad.csv', '-o', 'json'], {
      cwd: folderWith(files),
    })
    expect([code, JSON.parse(out)]).toMatchObject([0, { rows: { added: 1, removed: 1, unchanged: 1 } }])
  })
  it('shows a table of differences, by key', async () => {
    const cwd = folderWith({ 'a.csv': 'id,v\n1,x\n', 'b.csv': 'id,v,w\n1,y,2\n' })
    const { out } = await runCli(['data', 'diff', 'a.csv', 'b.csv', '--key', 'id', '-o', 'table'], { cwd })
    expect(out).toMatch(/column added\s+w\s+integer/)
    expect(out).toMatch(/row changed\s+\{"id":1,"v":"x"\}\s+\{"id":1,"v":"y","w":2\}/)
  })
  it('needs two tables', async () => {
    expect((await runCli(['data', 'diff', 'a.csv'], {})).err).toContain('needs two tables')
  })
})

describe('data profile', () => {
  const table: TableProfile = {
    rows: 2,
    columns: [{ name: 'x', type: 'integer', nulls: 0, distinct: 2, top: [{ value: 1, count: 2 }] }],
  }
  it('waits until the server has computed it', async () => {
    let asked = 0
    const route = bind(dataProfileRoutes.profile, () =>
      ++asked < 3 ? { status: 'pending' as const } : { status: 'ready' as const, profile: table },
    )
    await withRoutes([route], async run => {
      expect(JSON.parse((await run('data', 'profile', '-n', 'flights')).out)).toEqual(table)
      expect((await run('data', 'profile', '-n', 'flights', '-o', 'table')).out).toMatch(/x\s+integer\s+0\s+2/)
    })
  })
  it('says why there is none', async () => {
    const route = bind(dataProfileRoutes.profile, () => ({
      status: 'failed' as const,
      error: 'no table: files of .png',
    }))
    await withRoutes([route], async run => {
      const { code, err } = await run('data', 'profile', '-n', 'pictures')
      expect([code === 0, err]).toEqual([false, expect.stringContaining('no table: files of .png')])
    })
  })
})

it('data import is refused with the nearest way', async () => {
  const { code, err } = await runCli(['data', 'import', '-f', 'x.yml'], {})
  expect([code === 0, err]).toEqual([false, expect.stringContaining('hagane datastore create')])
})

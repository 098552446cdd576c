import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildTestApp } from '@hagane/testkit'
import { expect, it } from 'vitest'

const cli = join(import.meta.dirname, '../../packages/cli/bin/hagane.js')
const example = join(import.meta.dirname, '../../examples/components/validate-data')

interface Ran {
  code: number
  text: string
}

/** A job answers over the network: the server lives in this process, so the command line must not block it. */
const runCli = (url: string, cwd: string, argv: string[]): Promise<Ran> =>
  new Promise(resolve => {
    const env = { ...process.env, HAGANE_URL: url }
    execFile(process.execPath, [cli, ...argv], { cwd, env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : 1, text: out + err }),
    )
  })

it('a pipeline step passes good data on, and fails on bad data with what is wrong', async () => {
  await using app = await buildTestApp()
  const folder = mkdtempSync(join(tmpdir(), 'hagane-validate-'))
  cpSync(example, folder, { recursive: true })
  const run = (...argv: string[]) => runCli(app.url, folder, argv)
  const good = await run('job', 'create', '-f', 'pipeline.yml', '--stream', '-o', 'none')
  expect(good.code, good.text).toBe(0)
  writeFileSync(join(folder, 'people.csv'), `${readFileSync(join(folder, 'people.csv'), 'utf8')}3,-1,\n`)
  const bad = await run('job', 'create', '-f', 'pipeline.yml', '--stream', '-o', 'none')
  expect(bad.code).not.toBe(0)
  expect(bad.text).toContain('FAIL  age: min: 1 of 4 rows fail; allowed: at least 0')
})

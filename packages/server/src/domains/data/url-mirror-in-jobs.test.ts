import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dataRoutes } from '@hagane/contract'
import { buildTestApp, logOf, runJob, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

describe('jobs on a server with a mirror', () => {
  let folder: string
  let app: TestApp
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hagane-mirror-'))
    await mkdir(join(folder, 'set', 'deep'), { recursive: true })
    await writeFile(join(folder, 'set', 'iris.csv'), 'a,b\n1,2\n')
    await writeFile(join(folder, 'set', 'deep', 'more.csv'), 'c\n')
    app = await buildTestApp({ settings: { url_mirror: `https://files.invalid/=${folder}` } })
  })
  afterAll(async () => {
    await app[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const printed = async (job: Record<string, unknown>) => {
    const done = await runJob(app.client, { type: 'command', ...job })
    expect(done.status, done.error?.message).toBe('Completed')
    return logOf(app.client, done.name)
  }

  it('read a file and a folder of it, whichever of the address forms names them', async () => {
    const log = await printed({
      command: 'cat ${{inputs.file}}; ls ${{inputs.folder}}',
      inputs: {
        file: { type: 'uri_file', path: 'https://files.invalid/set/iris.csv' },
        folder: { type: 'uri_folder', path: 'wasbs://set@files.invalid/' },
      },
    })
    expect(log).toContain('a,b\n1,2\ndeep\niris.csv\n')
  })
  it('are given the place in the mirror where they open an address themselves', async () => {
    const log = await printed({
      command: `python3 -c "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read(), u.urlopen(sys.argv[2]).read())" \${{inputs.text}} \${{inputs.direct}}`,
      inputs: {
        text: 'https://files.invalid/set/iris.csv',
        direct: { type: 'uri_file', mode: 'direct', path: 'https://files.invalid/set/deep/more.csv' },
      },
    })
    expect(log).toContain(
      `hagane: input text: https://files.invalid/set/iris.csv is read from the mirror, file://${folder}/set/iris.csv\n`,
    )
    expect(log).toContain(String.raw`b'a,b\n1,2\n' b'c\n'`)
  })
  it('are refused at submit when the mirror lacks the file', async () => {
    const inputs = { file: { type: 'uri_file', path: 'https://files.invalid/set/no.csv' } }
    await expect(runJob(app.client, { type: 'command', command: 'true', inputs })).rejects.toThrow(
      'nothing at https://files.invalid/set/no.csv',
    )
  })
  it('share it with data assets, which keep what was there', async () => {
    const body = { name: 'iris', type: 'uri_file' as const, path: 'https://files.invalid/set/iris.csv' }
    const asset = await app.client.call(dataRoutes.create, { body })
    expect(asset).toMatchObject({ path: body.path, size: 8, file_count: 1 })
  })
})

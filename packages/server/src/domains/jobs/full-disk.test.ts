import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildTestApp, endOf, logOf, runJob, submitJob, type TestApp } from '@hagane/testkit'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'

const root = mkdtempSync(join(tmpdir(), 'hagane-full-disk-'))
const disk = join(root, 'disk')

/** A disk of 60 MB; false where this user may mount none. */
const mountDisk = (): boolean => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=60m', 'tmpfs', disk]).status === 0
const unmountDisk = (): void => void spawnSync('umount', [disk])

mkdirSync(disk)
const mountable = mountDisk()
unmountDisk()
if (!mountable) rmSync(root, { recursive: true })

const fill = (path: string): string => `dd if=/dev/zero of=${path} bs=64k`

describe.skipIf(!mountable)(`a full disk${mountable ? '' : ', which takes root to mount a small one'}`, () => {
  let server: TestApp
  beforeEach(async () => {
    mountDisk()
    server = await buildTestApp({ dir: join(disk, 'data') })
    expect(existsSync(join(server.dir, 'reserve'))).toBe(true)
  })
  afterEach(async () => {
    await server.app.stop()
    unmountDisk()
  })
  afterAll(() => rmSync(root, { recursive: true }))

  async function afterwards(): Promise<void> {
    expect((await runJob(server.client, { type: 'command', command: 'echo there is room' })).status).toBe('Completed')
  }

  it('fails the step that filled it, keeps its log and goes on', async () => {
    const name = await submitJob(server.client, { type: 'command', command: `echo begun; ${fill('outputs/big')}` })
    const job = await endOf(server.client, name)
    expect(job).toMatchObject({ status: 'Failed', error: { cause: 'out_of_disk' } })
    expect(await logOf(server.client, name)).toContain('begun')
    const folder = join(server.dir, 'jobs', 'default', name, '1')
    expect([existsSync(join(folder, 'log.txt')), existsSync(join(folder, 'work'))]).toEqual([true, false])
    await afterwards()
  })

  it('fails a step that takes the reserve as well', { timeout: 60_000 }, async () => {
    // at the latest when its lease is renewed, the server meets the full disk and gives the reserve free
    const wait = 'for i in {1..200}; do [ -e ../../../../../reserve ] || break; sleep 0.2; done'
    const command = `${fill('one')}; ${wait}; ${fill('two')}; exit 3`
    const job = await runJob(server.client, { type: 'command', command })
    expect(job).toMatchObject({ status: 'Failed', error: { cause: 'out_of_disk' } })
    await afterwards()
  })

  it('fails a step whose outputs find no room in the store', async () => {
    const job = await runJob(server.client, {
      type: 'command',
      command: `head -c 35M /dev/urandom > \${{outputs.large}}/file`,
      outputs: { large: { type: 'uri_folder' } },
    })
    expect(job).toMatchObject({ status: 'Failed', error: { cause: 'out_of_disk' } })
    await afterwards()
  })
})

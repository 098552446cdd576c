import { type Client, treeUri } from '@hagane/contract'
import { buildTestApp, eachDialect, logOf, runJob, type TestApp, uploadFiles } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

const upload = async (client: Client, files: Record<string, string>): Promise<string> =>
  treeUri(await uploadFiles(client, files))

eachDialect('inputs in the modes eval_mount and eval_download', database => {
  let app: TestApp
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location() } })
  })
  afterAll(() => app[Symbol.asyncDispose]())

  const listed = async (path: string, mode: string) =>
    runJob(app.client, {
      type: 'command',
      command: 'cd "${{inputs.data}}" && find . -type f | sort',
      inputs: { data: { type: 'mltable', path, mode } },
    })
  const log = async (path: string, mode: string) => logOf(app.client, (await listed(path, mode)).name)

  it('are folders of the files that the table names; other modes and their results stay apart', async () => {
    const table = await upload(app.client, {
      MLTable: 'paths:\n  - file: ./mnist\n  - pattern: ./more/*.png\n',
      'mnist/ü 0.png': '0',
      'mnist/1.png': '1',
      'more/2.png': '2',
      'more/notes.txt': '-',
      'readme.md': '-',
    })
    const all = './MLTable\n./mnist/1.png\n./mnist/ü 0.png\n./more/2.png\n./more/notes.txt\n./readme.md\n'
    expect((await log(table, 'ro_mount')).split('\n').sort()).toEqual(all.split('\n').sort())
    for (const mode of ['eval_mount', 'eval_download'])
      expect((await log(table, mode)).split('\n').sort()).toEqual(
        ['', './mnist/1.png', './mnist/ü 0.png', './more/2.png'].sort(),
      )
  })

  it('of a table inside of a folder are named from the table on', async () => {
    const tree = await upload(app.client, {
      'sets/a/MLTable': 'paths:\n  - folder: ./x\n',
      'sets/a/x/1.txt': '1',
      'sets/b.txt': '-',
    })
    expect(await log(`${tree}/sets/a`, 'eval_mount')).toBe('./x/1.txt\n')
  })

  it('fail clearly without a table, and when the table leads elsewhere', async () => {
    const plain = await listed(await upload(app.client, { 'a.txt': '1' }), 'eval_mount')
    expect(plain).toMatchObject({ status: 'Failed' })
    expect(plain.error?.message).toContain('inputs.data: mode eval_mount: MLTable: no file named MLTable')
    const away = await listed(
      await upload(app.client, { MLTable: 'paths:\n  - file: ../../etc/passwd\n' }),
      'eval_mount',
    )
    expect(away.error?.message).toContain('leads out of the folder')
  })
})

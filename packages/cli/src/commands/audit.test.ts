import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { auditRoutes } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { chainOf, exportOf, newSigner } from '../audit-verifier/export-under-test.ts'
import { bind, contractServer } from '../testing/contract-server.ts'
import { newFolder, runCli } from '../testing/run-cli.ts'

const signer = newSigner()
const lines = exportOf(chainOf(9), signer)
const nowhere = { HAGANE_URL: 'http://127.0.0.1:9' }

describe('audit verify of a file, without a server', () => {
  it('says that an export holds, and names what was done to one that does not', async () => {
    const cwd = newFolder()
    writeFileSync(join(cwd, 'export.jsonl'), lines.join(''))
    const good = await runCli(['audit', 'verify', 'export.jsonl'], { env: nowhere, cwd })
    expect([good.code, JSON.parse(good.out)]).toMatchObject([0, { ok: true, events: 9 }])
    expect(good.err).toContain('hagane audit key')
    writeFileSync(join(cwd, 'export.jsonl'), lines.toSpliced(4, 1).join(''))
    const bad = await runCli(['audit', 'verify', 'export.jsonl', '-o', 'table'], { env: nowhere, cwd })
    expect(bad.code).toBe(1)
    expect(bad.out).toMatch(/removed +4 .*event 4 is missing/)
  })

  it('unpacks one that is compressed, and says where one that was cut ends', async () => {
    const cwd = newFolder()
    const zipped = gzipSync(lines.join(''), { level: 1 })
    writeFileSync(join(cwd, 'export.jsonl.gz'), zipped)
    const good = await runCli(['audit', 'verify', 'export.jsonl.gz'], { env: nowhere, cwd })
    expect([good.code, JSON.parse(good.out)]).toMatchObject([0, { ok: true, events: 9 }])
    writeFileSync(join(cwd, 'export.jsonl.gz'), zipped.subarray(0, zipped.length - 12))
    const cut = await runCli(['audit', 'verify', 'export.jsonl.gz'], { env: nowhere, cwd })
    expect([cut.code, JSON.parse(cut.out).faults[0]]).toMatchObject([1, { kind: 'truncated' }])
    writeFileSync(join(cwd, 'export.jsonl.gz'), Buffer.concat([zipped.subarray(0, 30), Buffer.alloc(300, 7)]))
    const damaged = await runCli(['audit', 'verify', 'export.jsonl.gz'], { env: nowhere, cwd })
    expect([damaged.code, damaged.err]).toEqual([1, expect.stringContaining('no whole gzip file')])
  })

  it.each([
    [['nothing.jsonl'], 'nothing.jsonl cannot be verified: there is no such file'],
    [['.'], '. cannot be verified: it is a folder'],
    [['export.jsonl', '--public-key', 'hello'], "--public-key: 'hello' is no key; one looks like hagane/"],
  ])('refuses %j in words', async (args, says) => {
    const refused = await runCli(['audit', 'verify', ...args], { env: nowhere, cwd: newFolder() })
    expect([refused.code === 0, refused.err]).toEqual([false, expect.stringContaining(says)])
  })

  it('refuses what is neither export nor proof by naming what is wrong', async () => {
    const cwd = newFolder()
    writeFileSync(join(cwd, 'photo.jpg'), Buffer.from([0xff, 0xd8, 0xff, 0x0a, 0]))
    const bad = await runCli(['audit', 'verify', 'photo.jpg'], { env: nowhere, cwd })
    expect([bad.code, JSON.parse(bad.out).faults[0].message]).toEqual([1, 'the first line cannot be read'])
    writeFileSync(join(cwd, 'proof.json'), '{"hagane_proof":1,')
    const proof = await runCli(['audit', 'verify', 'proof.json'], { env: nowhere, cwd })
    expect(proof.code).toBe(1)
    expect(proof.err).toContain('cannot be read as a proof')
    writeFileSync(join(cwd, 'proof.json'), '{"hagane_proof":1}')
    expect((await runCli(['audit', 'verify', 'proof.json'], { env: nowhere, cwd })).code).toBe(1)
  })
})

const hasOpenSsl = spawnSync('openssl', ['version']).status === 0

it.skipIf(!hasOpenSsl)(
  'audit anchor writes a request that OpenSSL reads, with the digest of the checkpoint',
  async () => {
    const note = signer.sign(9, 'ab'.repeat(32), 'cd'.repeat(32))
    const made = bind(auditRoutes.createCheckpoint, () => ({
      ...{ origin: signer.origin, size: 9, root: 'ab'.repeat(32), head: 'cd'.repeat(32) },
      ...{ time: '2026-05-01T00:00:00.000Z', note, public_key: signer.publicKey },
    }))
    await using server = await contractServer(made)
    const cwd = newFolder()
    const env = { HAGANE_URL: server.url }
    expect((await runCli(['audit', 'anchor', '--format', 'rfc3161', '-f', 'a.tsq'], { env, cwd })).code).toBe(0)
    expect(readFileSync(join(cwd, 'a.tsq.checkpoint'), 'utf8')).toBe(note)
    const shown = execFileSync('openssl', ['ts', '-query', '-in', 'a.tsq', '-text'], { cwd, encoding: 'utf8' })
    const again = execFileSync(
      'openssl',
      ['ts', '-query', '-data', 'a.tsq.checkpoint', '-sha256', '-cert', '-no_nonce', '-text'],
      {
        cwd,
        encoding: 'utf8',
      },
    )
    expect(shown).toContain('Hash Algorithm: sha256')
    expect(shown).toBe(again)
    expect((await runCli(['audit', 'anchor', '--format', 'git-tag', '-f', 'note'], { env, cwd })).code).toBe(0)
    expect(readFileSync(join(cwd, 'note'), 'utf8')).toBe(note)
  },
)

describe('the script of the guide', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../../../docs/guides/audit.md'), 'utf8')
  const script = /<!-- verify.py -->\n```python\n([\s\S]+?)```/.exec(guide)?.[1] ?? ''
  const cwd = newFolder()
  writeFileSync(join(cwd, 'verify.py'), script)
  const whole = exportOf(chainOf(23), signer, 0, [4])
  const later = exportOf(chainOf(23), signer, 6)
  const swapped = whole.with(5, whole[9] ?? '').with(9, whole[5] ?? '')
  const verdict = (file: string) => {
    writeFileSync(join(cwd, 'export.jsonl'), file)
    const { status, stdout, stderr } = spawnSync('python3', ['verify.py', 'export.jsonl'], { cwd, encoding: 'utf8' })
    return [status, stderr + stdout]
  }
  const signed = spawnSync('python3', ['-c', 'import hashlib'], { encoding: 'utf8' })

  it.skipIf(signed.status !== 0).each([
    ['whole', whole.join(''), 0, '23 events hold'],
    ['from later on', later.join(''), 0, '23 events hold'],
    ['empty', exportOf([], signer).join(''), 0, '0 events hold'],
    ['changed', whole.join('').replace('test/9', 'test/8'), 1, 'changed: event 9'],
    ['removed', whole.toSpliced(9, 1).join(''), 1, 'removed: event 9'],
    ['inserted', whole.toSpliced(9, 0, whole[4] ?? '').join(''), 1, 'inserted: event 4'],
    ['reordered', swapped.join(''), 1, 'reordered: event 9 stands after 4'],
    ['truncated', whole.slice(0, 12).join(''), 1, 'truncated'],
    ['copied as text', whole.join('').replaceAll('\n', '\r\n'), 1, 'changed: the bytes of the file'],
    ['no export', '\ufffdPNG', 1, 'changed or truncated'],
    [
      'rewritten',
      exportOf(chainOf(22), signer)
        .with(0, whole[0] ?? '')
        .join(''),
      1,
      'removed: events 23 to 23',
    ],
  ])('judges an export that is %s', (_, file, code, says) => {
    expect(verdict(file)).toEqual([code, expect.stringContaining(says)])
  })
})

import { hash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect } from '@hagane/testkit'
import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import { openSecrets } from '../../kernel/secrets.ts'
import { buildChainTree } from './chain-tree.ts'
import { buildCheckpoints } from './checkpoints.ts'
import { parentHash, pathOf, rootOf } from './merkle.ts'
import { eventHashes } from './reads.ts'
import { SegmentTrees } from './segment-trees.ts'
import { buildSigner } from './signer.ts'

const who = { workspace: 'default', actor: 'local:test' }

eachDialect('the tree over the event chain', database => {
  const append = (count: number) =>
    database.db().withTransaction(who, async tx => {
      for (let n = 0; n < count; n++) tx.append({ type: 'dev.hagane.test.many', subject: 'test/1', data: { n } })
    })

  it('has the root and the paths of RFC 9162 at every size, with tiles made at different times', async () => {
    const tree = buildChainTree(database.db())
    await append(300)
    const early = await tree.root(270)
    await append(700)
    const all = await eventHashes(database.db(), 0, 1000)
    expect(all).toHaveLength(1000)
    expect(early).toBe(rootOf(all.slice(0, 270)))
    for (const size of [1, 2, 3, 255, 256, 257, 511, 512, 513, 768, 999, 1000]) {
      expect(await tree.root(size)).toBe(rootOf(all.slice(0, size)))
      const peaks = await tree.peaks(size)
      expect(peaks.reduceRight((right, left) => parentHash(left, right))).toBe(await tree.root(size))
      for (const index of [0, size >> 1, size - 1])
        expect(await tree.path(index, size)).toEqual(pathOf(all.slice(0, size), index))
    }
    expect(await tree.root(0)).toBe(hash('sha256', ''))
  })
})

eachDialect('checkpoints', database => {
  const settings = () => ({ database: database.location() })

  it('sign what the chain holds, are listed, and are refused for a chain that does not hold', async () => {
    await using server = await buildTestApp({ settings: settings() })
    const { client } = server
    const made = await client.call(auditRoutes.createCheckpoint)
    const { public_key, origin } = await client.call(auditRoutes.key)
    expect(made).toMatchObject({ origin, public_key, size: expect.any(Number) })
    expect(made.note).toContain(`\nhead ${made.head}\n`)
    const listed = await client.call(auditRoutes.checkpoints, { query: {} })
    expect(listed.items).toEqual([made])
    expect(await client.call(auditRoutes.verify)).toMatchObject({ ok: true })
    const on = server.app.db.writes
    const next = made.size + 1
    await sql`update events set actor = 'user:mallory' where seq = ${next}`.execute(on)
    await expect(client.call(auditRoutes.createCheckpoint)).rejects.toThrow(`since event ${next} does not hold`)
    await sql`update events set actor = 'local:tester' where seq = ${next}`.execute(on)
  })

  it('tell that the chain was computed anew, which holds by itself', async () => {
    await using server = await buildTestApp({ settings: settings() })
    const { db } = server.app
    const { size } = await server.client.call(auditRoutes.createCheckpoint)
    const forged = 'f'.repeat(64)
    const [last] = await db.reads.selectFrom('events').selectAll().where('seq', '=', size).execute()
    await sql`delete from events where seq > ${size}`.execute(db.writes)
    await sql`update events set hash = ${forged} where seq = ${size}`.execute(db.writes)
    expect(await server.client.call(auditRoutes.verify)).toMatchObject({ ok: false, seq: size })
    expect(last?.seq).toBe(size)
  })
})

eachDialect('when checkpoints are due', database => {
  it('they are made, if the last one, or the first event, is old enough and something happened since', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'hagane-test-'))
    const db = database.db()
    const checkpoints = buildCheckpoints(db, buildChainTree(db), buildSigner(openSecrets(dir), 'due'))
    expect(await checkpoints.createIfDue(0)).toBe(false)
    await db.withTransaction(who, async tx => tx.append({ type: 'dev.hagane.test.one', subject: 'test/1', data: {} }))
    expect(await checkpoints.createIfDue(86_400)).toBe(false)
    expect(await checkpoints.createIfDue(0)).toBe(true)
    expect(await checkpoints.createIfDue(0)).toBe(false)
    await rm(dir, { recursive: true, force: true })
  })
})

describe('trees over sealed files', () => {
  const folders: string[] = []
  afterAll(() => Promise.all(folders.map(folder => rm(folder, { recursive: true, force: true }))))

  it.each([1, 2, 255, 256, 257, 700])('of %i lines prove every line they should', async count => {
    const dir = await mkdtemp(join(tmpdir(), 'hagane-test-'))
    folders.push(dir)
    const lines = Array.from({ length: count }, (_, i) => JSON.stringify({ id: `pr-${i}`, text: '鋼'.repeat(i % 7) }))
    const path = join(dir, 'segment.ndjson')
    await writeFile(path, `${lines.join('\n')}\n{"id":"cut off`)
    const trees = new SegmentTrees(join(dir, 'trees'))
    const made = await trees.build(path, 'r', 's')
    const leaves = lines.map(line => hash('sha256', line))
    expect(made).toMatchObject({ count, root: rootOf(leaves) })
    for (const index of [0, count >> 1, count - 1]) {
      const start = Buffer.byteLength(
        lines
          .slice(0, index)
          .map(line => `${line}\n`)
          .join(''),
      )
      expect(await trees.prove(path, 'r', 's', start)).toEqual({ index, path: pathOf(leaves, index), root: made.root })
    }
  })
})

eachDialect('the proof of a prediction', database => {
  const revision = '0123456789abcdef'
  const id = (i: number) => `pr-${revision}-01K000000000000000000000${String(i).padStart(2, '0')}`
  const time = 1_752_346_656_768
  const record = (i: number) => ({
    ...{ id: id(i), time: new Date(time).toISOString(), workspace: 'default', endpoint: 'iris', deployment: 'blue' },
    ...{ revision, rows: 1, status: 200, latency_ms: i, input_sha256: 'a'.repeat(64), output_sha256: 'b'.repeat(64) },
  })

  it('names the file, its root and a checkpoint; before the file is sealed it says when to come back', async () => {
    await using server = await buildTestApp({ settings: { database: database.location() } })
    const folder = join(server.dir, 'gateway', 'predictions', revision)
    const hour = new Date(time).toISOString().slice(0, 13)
    await mkdir(folder, { recursive: true })
    const content = Array.from({ length: 40 }, (_, i) => `${JSON.stringify(record(i))}\n`).join('')
    await writeFile(join(folder, `${hour}.ndjson`), content)
    const prove = (prediction: string) => server.client.call(auditRoutes.prove, { params: { prediction } })
    await expect(prove(id(7))).rejects.toThrow('still written')
    await expect(prove(id(99))).rejects.toThrow('no record of prediction')
    const seal = (digest: string) =>
      server.app.db.withTransaction(who, async tx => {
        const sealed = { endpoint: 'iris', deployment: 'blue', revision_id: revision, segment: hour, digest, count: 40 }
        tx.append({ type: 'dev.hagane.endpoint.predictions-sealed', subject: 'deployment/iris/blue', data: sealed })
      })
    await seal(hash('sha256', content))
    const proof = await prove(`${id(7)}-3`)
    expect(proof).toMatchObject({ prediction: `${id(7)}-3`, record: JSON.stringify(record(7)), index: 7 })
    expect(proof.event.subject).toBe(`segment/${revision}/${hour}`)
    const made = await server.client.call(auditRoutes.createCheckpoint)
    expect((await prove(id(7))).checkpoint).toBe(made.note)
    await writeFile(join(folder, `${hour}.ndjson`), content.replace('"latency_ms":7', '"latency_ms":1'))
    await expect(prove(id(7))).rejects.toThrow('is not the one that event')
  })
})

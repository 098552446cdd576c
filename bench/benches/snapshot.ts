import { randomFillSync } from 'node:crypto'
import { mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cli, cliOf } from '../../tools/demo/cli.ts'
import type { Bench, BenchContext, Row } from '../bench.ts'
import { withHagane } from '../measure/hagane.ts'
import { dataPeers, peerPython, timeOf } from '../measure/peer-python.ts'
import { peakMemory } from '../measure/resources.ts'

const counts = [20_000, 100_000]
const bigFiles = 4
const [kb, mb] = [1024, 1024 ** 2]

/** One side of the comparison: takes a snapshot of a folder in the bench's folder, in milliseconds. */
interface Side {
  snapshot(name: string): Promise<number>
  /** bytes that it keeps */
  stored(): Promise<number>
}

/**
 * Snapshots of folders, beside `dvc add` with its default cache: many small files, a few large ones, each first, unchanged,
 * and with one byte changed. Both work on the same files, both copy, and ours sends them to a server over HTTP, which has
 * them on disk when it answers.
 */
export const dataSnapshots: Bench = {
  name: 'data',
  about:
    'snapshots of folders: first, unchanged, one byte changed, beside DVC (--gigabytes N for a larger one, default 2)',
  async run(context) {
    const bin = await peerPython(context.say, dataPeers)
    const dvc = await dvcIn(context, join(bin, 'dvc'))
    return withHagane(join(context.folder, 'ours'), async ({ url, dataDir, process: server }) => {
      const ours = haganeSide(cliOf(url, context.folder), dataDir)
      const rows: Row[] = []
      for (const count of counts) rows.push(...(await manySmall(context, count, ours, dvc)))
      rows.push(...(await fewLarge(context, ours, dvc)))
      const peak = await peakMemory(server.pid)
      if (peak !== undefined) rows.push({ work: 'peak memory of the server after all that', unit: 'MB', ours: peak })
      return rows
    })
  },
}

function haganeSide(cli: Cli, dataDir: string): Side {
  return {
    async snapshot(name) {
      const started = performance.now()
      await cli.run('data', 'create', '--name', name, '--path', name, '--type', 'uri_folder')
      return performance.now() - started
    },
    stored: () => bytesBelow(join(dataDir, 'blobs')),
  }
}

async function dvcIn({ folder }: BenchContext, dvc: string): Promise<Side> {
  const options = { cwd: folder, env: { DVC_NO_ANALYTICS: '1', HOME: folder } }
  timeOf(dvc, ['init', '--no-scm', '--quiet'], options)
  return {
    snapshot: async name => timeOf(dvc, ['add', '--quiet', name], options),
    stored: () => bytesBelow(join(folder, '.dvc', 'cache')),
  }
}

async function manySmall({ folder, say }: BenchContext, count: number, ours: Side, dvc: Side): Promise<Row[]> {
  const name = `small-${count}`
  const label = count.toLocaleString('en')
  say(`${label} files of 1–4 KB: writing them, then a snapshot by each, then again`)
  await writeSmallFiles(join(folder, name), count)
  await sleep(settled)
  const sum = shaTime(join(folder, name))
  const [first, peerFirst] = [await ours.snapshot(name), await dvc.snapshot(name)]
  const [again, peerAgain] = [await ours.snapshot(name), await dvc.snapshot(name)]
  await rm(join(folder, name), { recursive: true })
  const row = { unit: 'ms', peerName: 'dvc add' } as const
  const note = `sha256sum -P2 takes ${sum.toFixed(0)} ms`
  return [
    { ...row, work: `snapshot of ${label} small files`, ours: first, peer: peerFirst, target: { times: 5 }, note },
    { ...row, work: 'the same, unchanged', ours: again, peer: peerAgain, target: { times: 10 } },
  ]
}

/** Later than any file system's clock tick: files touched in the last two seconds are read again by design. */
const settled = 2100

async function fewLarge({ folder, say, gigabytes }: BenchContext, ours: Side, dvc: Side): Promise<Row[]> {
  say(`${bigFiles} files of ${gigabytes} GB in all: the same`)
  const name = 'large'
  await writeLargeFiles(join(folder, name), (gigabytes * 1024 * mb) / bigFiles)
  await sleep(settled)
  const sum = shaTime(join(folder, name))
  const [first, peerFirst] = [await ours.snapshot(name), await dvc.snapshot(name)]
  const [again, peerAgain] = [await ours.snapshot(name), await dvc.snapshot(name)]
  const [before, peerBefore] = [await ours.stored(), await dvc.stored()]
  await changeOneByte(join(folder, name, '0.bin'))
  await sleep(settled)
  const [changed, peerChanged] = [await ours.snapshot(name), await dvc.snapshot(name)]
  const grown = { ours: (await ours.stored()) - before, peer: (await dvc.stored()) - peerBefore }
  const row = { unit: 'ms', peerName: 'dvc add' } as const
  return [
    {
      ...row,
      work: `snapshot of ${gigabytes} GB`,
      ours: first,
      peer: peerFirst,
      note: `sha256sum -P2 takes ${sum.toFixed(0)} ms`,
    },
    { ...row, work: 'the same, unchanged', ours: again, peer: peerAgain, target: { times: 10 } },
    { ...row, work: 'the same, one byte changed', ours: changed, peer: peerChanged },
    {
      work: 'stored for that byte',
      unit: 'MB',
      ours: grown.ours / mb,
      peer: grown.peer / mb,
      peerName: 'dvc add',
      target: { bound: 1 },
    },
  ]
}

/** Time in milliseconds of hashing all files of a folder by two processes: about the least that reading them costs. */
const shaTime = (folder: string): number =>
  timeOf('sh', ['-c', 'find "$0" -type f -print0 | xargs -0 -P2 -n64 sha256sum > /dev/null', folder])

async function writeSmallFiles(folder: string, count: number): Promise<void> {
  const noise = randomFillSync(Buffer.alloc(16 * mb))
  for (let start = 0; start < count; start += 1000) {
    const inner = join(folder, String(start))
    await mkdir(inner, { recursive: true })
    const names = Array.from({ length: Math.min(1000, count - start) }, (_, i) => start + i)
    await Promise.all(
      names.map(n => {
        const at = (n * 157) % (noise.length - 4 * kb)
        return writeFile(join(inner, `${n}.bin`), noise.subarray(at, at + kb + ((n * 7919) % (3 * kb))))
      }),
    )
  }
}

async function writeLargeFiles(folder: string, size: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  const block = Buffer.alloc(16 * mb)
  for (let n = 0; n < bigFiles; n += 1) {
    const file = await open(join(folder, `${n}.bin`), 'w')
    for (let done = 0; done < size; done += block.length)
      await file.write(randomFillSync(block), 0, Math.min(block.length, size - done))
    await file.close()
  }
}

async function changeOneByte(path: string): Promise<void> {
  const file = await open(path, 'r+')
  const at = Math.floor((await file.stat()).size / 2)
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at)
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at)
  await file.close()
}

async function bytesBelow(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true })
  const sizes = await Promise.all(names.map(async name => stat(join(folder, name))))
  return sizes.reduce((sum, info) => sum + (info.isFile() ? info.size : 0), 0)
}

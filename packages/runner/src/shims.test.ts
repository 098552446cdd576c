import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freshFolder, runCommand } from './testing/steps.ts'

const hasPython = spawnSync('python3', ['-c', '']).status === 0
/** Names whose order on disk is unlikely to be sorted. */
const names = Array.from({ length: 40 }, (_, i) => `f${(i * 7919) % 1000}`)
const sorted = [...names].sort()

function data(): string {
  const folder = freshFolder()
  for (const name of names) writeFileSync(join(folder, name), '')
  return folder
}

/** Runs Python text in a step; `x` in it is a folder with many files. Returns what it prints, parsed. */
async function python(text: string, environment: Record<string, string> = {}): Promise<unknown> {
  const program = `import json, os, sys\nx = ${JSON.stringify(data())}\n${text}\nprint(json.dumps(result))`
  const { log, exit } = await runCommand('python3 -c "$PROGRAM"', { environment: { PROGRAM: program, ...environment } })
  expect(log).toMatch(/^[[{"\d].*\n$/)
  expect(exit.code).toBe(0)
  return JSON.parse(log)
}

describe.skipIf(!hasPython)('directory listings in a job', () => {
  it.each([
    'result = os.listdir(x)',
    'os.chdir(x); result = os.listdir()',
    'result = [n.decode() for n in os.listdir(x.encode())]',
    'result = [e.name for e in os.scandir(x)]',
    'with os.scandir(x) as it: result = [next(it).name] + [e.name for e in it]',
    'result = next(os.walk(x))[2]',
    'result = next(os.fwalk(x))[2]',
    'import glob; result = [os.path.basename(p) for p in glob.glob(x + "/*")]',
    'import pathlib; result = [p.name for p in pathlib.Path(x).iterdir()]',
    'import pathlib; result = [p.name for p in pathlib.Path(x).glob("**/f*")]',
    'fd = os.open(x, os.O_RDONLY); result = os.listdir(fd)',
    'import pickle; result = pickle.loads(pickle.dumps(os.listdir))(x)',
  ])('are sorted: %s', async text => {
    expect(await python(text)).toEqual(sorted)
  })
  it('raise what the built-ins raise, and rmtree keeps its safe way', async () => {
    const text = `import shutil
errors = []
for call in (os.listdir, os.scandir):
    try: call(x + '/none')
    except FileNotFoundError as error: errors.append(error.filename == x + '/none')
shutil.rmtree(x)
result = [errors, shutil.rmtree.avoids_symlink_attacks, os.path.exists(x)]`
    expect(await python(text)).toEqual([[true, true], true, false])
  })
  it("leave the environment's own sitecustomize in force, found on PYTHONPATH or in site-packages", async () => {
    const path = freshFolder()
    writeFileSync(join(path, 'sitecustomize.py'), 'import sys; sys.from_own = 1')
    expect(
      await python('result = [sys.from_own, sorted(os.listdir(x)) == os.listdir(x)]', { PYTHONPATH: path }),
    ).toEqual([1, true])
  })
  it('do not break a Python whose own sitecustomize fails', async () => {
    const path = freshFolder()
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'sitecustomize.py'), 'raise ImportError("no such thing")')
    const { log, exit } = await runCommand('python3 -c "print(1)" 2>/dev/null', { environment: { PYTHONPATH: path } })
    expect([log, exit.code]).toEqual(['1\n', 0])
  })
})

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chooseInterpreter } from '../python/choose.ts'
import { findInterpreters, type Interpreter } from '../python/interpreters.ts'
import { toolEnvironment } from '../python/process.ts'
import { compileBytecode, linkBytecode } from './bytecode.ts'
import { createVenv, pythonOf } from './venv.ts'

let folder = ''
let interpreter: Interpreter
const env = toolEnvironment(process.env)
const hash = (text: string) => `sha256=${createHash('sha256').update(text).digest('base64url')}`

/** A virtual environment with packages as an installer leaves them: files, and a RECORD that names their digests. */
async function venvWith(
  packages: Record<string, { files: Record<string, string>; claimed?: Record<string, string> }>,
): Promise<string> {
  const prefix = await mkdtemp(join(folder, 'venv-'))
  await createVenv(interpreter, prefix, { env })
  const site = execFileSync(pythonOf(prefix), ['-c', "import sysconfig; print(sysconfig.get_path('purelib'))"], {
    encoding: 'utf8',
  }).trim()
  for (const [name, { files, claimed }] of Object.entries(packages)) {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(site, path)), { recursive: true })
      await writeFile(join(site, path), text)
    }
    const rows = Object.entries({ ...files, ...claimed }).map(([path, text]) => `${path},${hash(text)},${text.length}`)
    await mkdir(join(site, `${name}-1.dist-info`))
    await writeFile(
      join(site, `${name}-1.dist-info`, 'RECORD'),
      `${rows.join('\n')}\n${name}-1.dist-info/RECORD,,\n../../../bin/${name}.py,${hash('x')},1\n`,
    )
  }
  return prefix
}
const told = (prefix: string, module: string): string =>
  execFileSync(
    pythonOf(prefix),
    [
      '-B',
      '-c',
      `import ${module} as m; print(m.SAYS, m.__cached__ is not None and __import__('os').path.exists(m.__cached__))`,
    ],
    { encoding: 'utf8' },
  ).trim()
const cacheOf = () => mkdtemp(join(folder, 'cache-'))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hagane-bytecode-'))
  interpreter = chooseInterpreter(undefined, await findInterpreters(process.env).all(), 'compatible').interpreter
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('byte code', () => {
  it('is compiled once and linked into the next environment with the same file', async () => {
    const cache = await cacheOf()
    const lines: string[] = []
    const options = { env, onLine: (line: string) => lines.push(line) }
    const files = { 'one.py': "SAYS = 'one'\n", 'pkg/__init__.py': '', 'pkg/two.py': "SAYS = 'two'\n" }
    const first = await venvWith({ demo: { files } })
    expect(await linkBytecode(first, interpreter, cache, options)).toBe(0)
    const second = await venvWith({ demo: { files } })
    expect(await linkBytecode(second, interpreter, cache, options)).toBe(0)
    expect(lines).toEqual([
      'byte code: 0 files from the cache, 3 compiled',
      'byte code: 3 files from the cache, 0 compiled',
    ])
    expect(told(second, 'one')).toBe('one True')
    expect(told(second, 'pkg.two')).toBe('two True')
  })

  it('leaves many files to be compiled behind the finished environment', async () => {
    const cache = await cacheOf()
    const files = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`m${index}.py`, `SAYS = ${index}\n`]))
    const prefix = await venvWith({ many: { files } })
    expect(await linkBytecode(prefix, interpreter, cache, { env })).toBe(400)
    expect(told(prefix, 'm7')).toBe('7 False')
    await compileBytecode(prefix, interpreter, cache, { env })
    expect(told(prefix, 'm7')).toBe('7 True')
  }, 60_000)

  it('is that of the file which is there when two packages claim it', async () => {
    const cache = await cacheOf()
    const [loser, winner] = ["SAYS = 'loser'\n", "SAYS = 'winner'\n"]
    await linkBytecode(await venvWith({ a: { files: { 'shared.py': loser } } }), interpreter, cache, { env })
    const both = await venvWith({
      a: { files: {}, claimed: { 'shared.py': loser } },
      b: { files: { 'shared.py': winner } },
    })
    await linkBytecode(both, interpreter, cache, { env })
    expect(told(both, 'shared')).toBe('winner True')
  })

  it('of a package that lies about its digest never reaches another package', async () => {
    const cache = await cacheOf()
    const honest = "SAYS = 'honest'\n"
    await linkBytecode(
      await venvWith({ evil: { files: { 'lib.py': "SAYS = 'evil'\n" }, claimed: { 'lib.py': honest } } }),
      interpreter,
      cache,
      { env },
    )
    const other = await venvWith({ good: { files: { 'lib.py': honest } } })
    await linkBytecode(other, interpreter, cache, { env })
    expect(told(other, 'lib')).toBe('honest True')
  })

  it('is passed over for sources that do not compile and for tests', async () => {
    const cache = await cacheOf()
    const lines: string[] = []
    const files = { 'old.py': 'print "python 2"\n', 'pkg/tests/test_x.py': 'SAYS = 1\n', 'fine.py': 'SAYS = 1\n' }
    await linkBytecode(await venvWith({ demo: { files } }), interpreter, cache, {
      env,
      onLine: line => lines.push(line),
    })
    expect(lines).toEqual(['byte code: 0 files from the cache, 1 compiled'])
  })
})

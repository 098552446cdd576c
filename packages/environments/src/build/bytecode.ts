import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import type { Interpreter } from '../python/interpreters.ts'
import { type RunOptions, run } from '../python/process.ts'
import { pythonOf } from './venv.ts'

/**
 * A .pyc of PEP 552's unchecked kind depends on the source's content and Python's magic number alone, so it is kept under the
 * SHA-256 that RECORD lists for the source, and hard-linked (or copied across file systems) into every environment that holds the
 * same file. Compiling an environment of machine learning packages takes a core half a minute; linking takes a third of a second.
 * Folders named test(s) are left to be compiled on import. Prints one line: `linked compiled missing`.
 */
const COMPILE = `
import base64, csv, errno, glob, hashlib, importlib.util, os, py_compile, shutil, sys, sysconfig
from concurrent.futures import ProcessPoolExecutor

def keep(source, target):
    try:
        os.link(source, target)
    except FileExistsError:
        pass
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EACCES, errno.EROFS): raise
        if not os.path.isdir(os.path.dirname(target)): return
        part = '%s.%d' % (target, os.getpid())
        try:
            shutil.copyfile(source, part)
            os.replace(part, target)
        except OSError:
            pass

def digest_of(source):
    with open(source, 'rb') as file: return hashlib.sha256(file.read()).hexdigest()

def place_of(cache, digest):
    return os.path.join(cache, digest[:2], digest + '.pyc')

def compiled(job):
    cache, source, target = job
    mode = getattr(py_compile, 'PycInvalidationMode', None)
    try:
        options = {} if mode is None else {'invalidation_mode': mode.UNCHECKED_HASH}
        py_compile.compile(source, cfile=target, doraise=True, **options)
        kept = place_of(cache, digest_of(source))
    except Exception:
        return 0
    if mode is not None:
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        keep(target, kept)
    return 1

# {path: digest that RECORD gives}; None where packages disagree about a file, of which the last one installed is there
def sources(root):
    found = {}
    for record in sorted(glob.glob(os.path.join(root, '*.dist-info', 'RECORD'))):
        with open(record, newline='', encoding='utf-8') as rows:
            for row in csv.reader(rows):
                if len(row) < 2 or not row[0].endswith('.py') or row[0].startswith(('..', '/')): continue
                if '/tests/' in row[0] or '/test/' in row[0] or not row[1].startswith('sha256='): continue
                digest = base64.urlsafe_b64decode(row[1][7:] + '==').hex()
                found[row[0]] = digest if found.get(row[0], digest) == digest else None
    return found

def main(cache, workers, at_most):
    jobs, linked, done = [], 0, 0
    for root in sorted({sysconfig.get_path('purelib'), sysconfig.get_path('platlib')}):
        for path, digest in sources(root).items():
            source = os.path.join(root, path)
            target = importlib.util.cache_from_source(source)
            if os.path.exists(target) or not os.path.exists(source): continue
            os.makedirs(os.path.dirname(target), exist_ok=True)
            kept = place_of(cache, digest or digest_of(source))
            if os.path.exists(kept):
                keep(kept, target)
                linked += 1
            else: jobs.append((cache, source, target))
    if jobs and len(jobs) <= at_most:
        with ProcessPoolExecutor(workers) as pool:
            for result in pool.map(compiled, jobs, chunksize=16): done += result
        jobs = []
    print(linked, done, len(jobs))

if __name__ == '__main__':
    os.nice(int(sys.argv[4]))
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
`

const COMPILE_MS = 20 * 60_000
/** Up to so many files are compiled before an environment is handed over; more would keep its first job waiting. */
const FEW = 300
const NICE = 15

type Options = Pick<RunOptions, 'env' | 'onLine' | 'signal'>

/** Links what was compiled before and compiles a few files more; answers how many are still missing. Throws `internal` when Python cannot do it. */
export async function linkBytecode(
  folder: string,
  interpreter: Interpreter,
  cacheDir: string,
  options: Options,
): Promise<number> {
  const { linked, compiled, missing } = await runScript(folder, interpreter, cacheDir, {
    ...options,
    atMost: FEW,
    nice: 0,
  })
  options.onLine?.(
    `byte code: ${linked} files from the cache, ${compiled} compiled${missing === 0 ? '' : `, ${missing} to be compiled beside the first job`}`,
  )
  return missing
}

/** Compiles the rest at low priority, in an environment that may be in use already: Python sees each file whole or not at all. */
export async function compileBytecode(
  folder: string,
  interpreter: Interpreter,
  cacheDir: string,
  options: Options,
): Promise<void> {
  const { compiled } = await runScript(folder, interpreter, cacheDir, {
    ...options,
    atMost: Number.MAX_SAFE_INTEGER,
    nice: NICE,
  })
  options.onLine?.(`byte code: ${compiled} files compiled`)
}

async function runScript(
  folder: string,
  interpreter: Interpreter,
  cacheDir: string,
  options: Options & { atMost: number; nice: number },
) {
  const cache = join(cacheDir, 'bytecode', interpreter.magic)
  const workers = Math.max(1, Math.min(8, availableParallelism()))
  // a file and not standard input: worker processes import it again
  const script = join(folder, `.compile-${randomUUID().slice(0, 8)}.py`)
  await writeFile(script, COMPILE)
  try {
    const args = ['-I', '-W', 'ignore', script, cache, String(workers), String(options.atMost), String(options.nice)]
    const result = await run(pythonOf(folder), args, {
      env: options.env,
      signal: options.signal,
      timeoutMs: COMPILE_MS,
    })
    if (result.code !== 0)
      throw new HaganeError(
        'internal',
        `compiling the environment failed: ${result.stderr.trim().split('\n').at(-1) ?? ''}`,
      )
    const [linked = 0, compiled = 0, missing = 0] = result.stdout.trim().split(' ').map(Number)
    return { linked, compiled, missing }
  } finally {
    await rm(script, { force: true })
  }
}

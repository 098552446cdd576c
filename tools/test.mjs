/**
 * `npm test`: all tests by vitest, and as the last line `N passed, N failed`, which CI reads. When vitest itself dies
 * the run counts as failed, whatever passed before. A test that fails is tried once more, since servers and kills meet
 * a machine under load; one that passes only then is named before the last line, as a fault to be found.
 * Arguments go to vitest: `npm test -- packages/contract`, `npm test -- --project e2e`.
 */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundlesAreFresh } from './build-stamp.mjs'

const tools = dirname(fileURLToPath(import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'hagane-run-'))
const countsPath = join(folder, 'counts.json')

/** Every test's temporary files, so that a test that was killed leaves nothing behind. */
const scratch = join(folder, 't')
mkdirSync(scratch)
// A PostgreSQL started by root runs as another user, who has to pass through.
for (const path of [folder, scratch]) chmodSync(path, 0o755)

/** Stored trees are read-only folders, from which an ordinary user cannot delete. */
function removeFolder() {
  spawnSync('chmod', ['-R', 'u+w', folder])
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}

/** What a developer's shell says about servers and runs would send a test to them. */
const plainEnvironment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:HAGANE|MLFLOW|AZUREML)_/.test(name)))

/** Bundles are what users start, and begin in a third of the time of their sources. */
const bundles = bundlesAreFresh(dirname(tools)) ? { HAGANE_BUNDLES: '1' } : {}

function runVitest(parameters) {
  const vitest = join(dirname(tools), 'node_modules', 'vitest', 'vitest.mjs')
  const reporters = ['--reporter=default', `--reporter=${join(tools, 'count-reporter.mjs')}`]
  const child = spawn(process.execPath, [vitest, 'run', '--retry=1', ...reporters, ...parameters], {
    stdio: 'inherit',
    env: { ...plainEnvironment(), ...bundles, HAGANE_TEST_COUNTS: countsPath, TMPDIR: scratch },
  })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGINT', () => {})
  return new Promise(resolve => {
    child.on('error', error => resolve(error.message))
    child.on('exit', (code, signal) => resolve(signal ?? code))
  })
}

const readCounts = () =>
  existsSync(countsPath)
    ? JSON.parse(readFileSync(countsPath, 'utf8'))
    : { passed: 0, failed: 0, skipped: 0, flaky: [] }

const ending = await runVitest(process.argv.slice(2))
const { passed, failed, skipped, flaky } = readCounts()
removeFolder()

if (ending !== 0 && failed === 0) console.log(`vitest ended with ${ending}, though no test failed: see above`)
if (passed + failed === 0) console.log('no test was run')
for (const name of flaky) console.log(`passed only when tried again: ${name}`)
if (skipped > 0) console.log(`${skipped} skipped on this machine; their names say why`)
const failures = failed === 0 && (ending !== 0 || passed === 0) ? 1 : failed
console.log(`${passed} passed, ${failures} failed`)
process.exitCode = failures === 0 ? 0 : 1

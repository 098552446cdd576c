/**
 * Brings a fresh clone to the point where every command runs, and does nothing (in some ten milliseconds) when it is
 * already there. Plain JavaScript for Node 20, since a new machine may have only that; everything after it runs on the
 * Node 24 that the npm package `node` carries.
 *
 *   node tools/setup.mjs              install what package-lock.json says, then build what changed
 *   node tools/setup.mjs --installed  what npm calls after it installed: note the lock, then build
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundlesAreFresh } from './build-stamp.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const marker = join(root, 'node_modules', '.hagane-setup')

/** The Node 24 that runs everything after the set-up. */
export const node24 = join(root, 'node_modules', 'node', 'bin', 'node')

const lockDigest = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')

const isInstalled = () =>
  existsSync(marker) && existsSync(node24) && readFileSync(marker, 'utf8').trim() === lockDigest()

const say = text => process.stderr.write(`${text}\n`)

function stop(problem, fix) {
  say(`\nset-up: ${problem}\n  fix: ${fix}`)
  process.exit(1)
}

/** npm as it was started, or the one on the PATH; run by the user's own Node, since the install replaces ours. */
function runNpm(parameters) {
  const { npm_execpath: npm, npm_node_execpath: node } = process.env
  const isScript = npm !== undefined && /npm-cli\.c?js$/.test(npm)
  const [command, first] = isScript ? [node ?? process.execPath, [npm]] : ['npm', []]
  return spawnSync(command, [...first, ...parameters], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 })
}

function install() {
  say('set-up: installing packages (once per package-lock.json)')
  const done = runNpm(['ci', '--include=dev', '--loglevel=error', '--no-progress', '--foreground-scripts=false'])
  if (done.error) stop(`npm could not be started: ${done.error.message}`, 'install Node with npm, version 20 or later')
  if (done.status !== 0) {
    say(done.stdout + done.stderr)
    stop('npm ci failed, see above', 'check the connection to your npm registry, then run the command again')
  }
  if (!existsSync(node24))
    stop(
      'npm skipped the install scripts, so Node 24 is missing',
      'run `npm ci --ignore-scripts=false`, then the command again',
    )
  if (!isInstalled()) noteInstalled()
}

const noteInstalled = () => writeFileSync(marker, `${lockDigest()}\n`)

function build() {
  if (bundlesAreFresh(root)) return
  say('set-up: building')
  const done = spawnSync(node24, [join(root, 'tools', 'build.ts')], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (done.status !== 0) stop('the build failed, see above', 'mend what it names, then run the command again')
}

/**
 * Installs and, unless told otherwise, builds what is missing or out of date. Ends the process with the fix printed when
 * that is impossible.
 */
export function setUp({ bundles = true } = {}) {
  if (!isInstalled()) install()
  if (bundles) build()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--installed')) {
    if (existsSync(node24)) {
      noteInstalled()
      build()
    }
  } else setUp()
}

/**
 * `npm run demo | dev | check | bench` and `npm test`: sets up what is missing, then runs the command on Node 24.
 * Plain JavaScript for Node 20. Extra arguments are handed on: `npm test -- packages/contract`.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { node24, setUp } from './setup.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const commands = {
  demo: ['tools/demo/main.ts'],
  dev: ['--watch', '--watch-preserve-output', 'tools/dev.ts'],
  check: ['tools/check.ts'],
  test: ['tools/test.mjs'],
  bench: ['bench/main.ts'],
}

const [what, ...more] = process.argv.slice(2)
const command = commands[what]
if (command === undefined) {
  process.stderr.write(`unknown command '${what ?? ''}': one of ${Object.keys(commands).join(', ')}\n`)
  process.exit(2)
}

// The checks read sources alone, and must run just when the sources do not build.
setUp({ bundles: what !== 'check' })

const [node24Folder, binFolder] = [dirname(node24), join(root, 'node_modules', '.bin')]
const child = spawn(node24, [...command, ...more], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: [node24Folder, binFolder, process.env.PATH].join(delimiter) },
})

// A terminal sends Ctrl+C to both of us: only wait for the child then. Other signals reach this process alone.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', error => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
child.on('exit', (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal]
})

#!/usr/bin/env node
// Plain JavaScript for any Node from 20 on: finds the Node 24 that Hagane needs and what to run with it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const neededNode = 24
const packages = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const argv = process.argv.slice(2)

if (Number(process.versions.node.split('.')[0]) < neededNode) handOver()
else await runHere()

/** The server runs in this very process, so that its process id is the one that was started. */
async function runHere() {
  nodeModule.enableCompileCache()
  if (argv[0] === 'up' || (argv[0] === 'help' && argv[1] === 'up')) {
    const { run } = await load('server', 'main.mjs')
    await run(argv[0] === 'up' ? argv.slice(1) : ['--help'])
  } else {
    const { main } = await load('cli', 'cli.mjs')
    process.exitCode = await main(argv)
  }
}

/** The bundle, or the sources of a checkout that has not been built: Node 24 strips their types. */
async function load(name, bundle) {
  const files = [join(packages, name, 'dist', bundle), join(packages, name, 'src', 'main.ts')]
  const file = files.find(candidate => existsSync(candidate))
  if (file === undefined) fail(`${files[0]} is missing`, 'run `npm ci` in the checkout of Hagane: it builds it')
  return import(pathToFileURL(file).href)
}

/** Runs the same command line with the checkout's own Node and ends as it ends. */
function handOver() {
  const node = join(packages, '..', 'node_modules', 'node', 'bin', 'node')
  if (!existsSync(node)) {
    fail(
      `Hagane needs Node ${neededNode}; this is Node ${process.versions.node}`,
      'run `npm ci` in the checkout of Hagane: it brings Node 24',
    )
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' })
  child.on('error', error => fail(`${node} does not start: ${error.message}`, 'run `npm ci` in the checkout of Hagane'))
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) {
    process.on(signal, () => {
      // Ctrl-C and Ctrl-\ of a terminal reach the child by themselves; twice would be once too often.
      const fromTerminal = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT')
      if (!fromTerminal) child.kill(signal)
    })
  }
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]))
}

function fail(message, hint) {
  process.stderr.write(`error: ${message}\nhint: ${hint}\n`)
  process.exit(1)
}

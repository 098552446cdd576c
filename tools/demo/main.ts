import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@hagane/contract'
import type { Stage } from './acts/act.ts'
import { fetchData } from './acts/data.ts'
import { deploy, endpoint, predict } from './acts/endpoint.ts'
import { buildEnvironment } from './acts/environment.ts'
import { armLoop, ruleRetrains, summerArrives } from './acts/loop.ts'
import { runPipeline } from './acts/pipeline.ts'
import { canaryTurnsBack, gateRefuses } from './acts/refusals.ts'
import { makeRequests } from './acts/replay.ts'
import { tellTrail, traceBack, verifyTrail } from './acts/trail.ts'
import { type DemoArguments, readArguments, usage } from './arguments.ts'
import { cliOf } from './cli.ts'
import { type RunningServer, startServer, stopServer } from './server.ts'
import { type Telling, telling } from './telling.ts'

const example = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'examples', 'flights')

/** Plays the example on a server of its own; returns the exit code. */
async function main(args: DemoArguments): Promise<number> {
  if (args.help) {
    process.stdout.write(usage)
    return 0
  }
  const dataDir = args.data ?? (await mkdtemp(join(tmpdir(), 'hagane-demo-')))
  const tell = telling(process.stdout)
  const server = await startServer(dataDir)
  const interrupted = signalOf('SIGINT', 'SIGTERM')
  try {
    await Promise.race([play(server, tell, args.winter), interrupted.then(stopEarly)])
    process.stdout.write(`\nWhat happened, and the command that shows it:\n${tell.toText()}\n`)
    if (!args.exit && process.stdout.isTTY === true) await untilSignal(server, interrupted)
  } catch (error) {
    process.stderr.write(
      `\n${(error as Error).message}\n\nserver log: ${server.process.logFile}\ndata folder: ${dataDir}\n`,
    )
    return 1
  } finally {
    await stopServer(server)
  }
  if (args.data === undefined) await rm(dataDir, { recursive: true, force: true })
  return 0
}

async function play(server: RunningServer, tell: Telling, onlyWinter: boolean): Promise<void> {
  tell.progress(`server ready at ${server.url}, data in ${server.dataDir}`)
  const stage = {
    cli: cliOf(server.url, example),
    client: createClient({ url: server.url }),
    tell,
    url: server.url,
  }
  const files = await mkdtemp(join(tmpdir(), 'hagane-demo-files-'))
  try {
    const early = await winter(stage, files)
    const prediction = onlyWinter ? early : await summer(stage, files)
    await traceBack(stage, prediction)
    await tellTrail(stage, prediction)
    await verifyTrail(stage, files)
  } finally {
    await rm(files, { recursive: true, force: true })
  }
}

/** From raw data to a prediction of the model that knows the winter. */
async function winter(stage: Stage, files: string): Promise<string> {
  await buildEnvironment(stage)
  await fetchData(stage)
  const model = await runPipeline(stage, files)
  await deploy(stage, model)
  return predict(stage)
}

/** Flights of July: they are noticed, a model is trained and replaces the other; two others do not. Returns a prediction of it. */
async function summer(stage: Stage, files: string): Promise<string> {
  await armLoop(stage)
  const flights = await makeRequests(stage, endpoint, files)
  const runsBefore = await summerArrives(stage, flights)
  await ruleRetrains(stage, flights, runsBefore)
  await gateRefuses(stage)
  await canaryTurnsBack(stage, flights)
  return predict(stage)
}

async function untilSignal(server: RunningServer, interrupted: Promise<void>): Promise<void> {
  process.stdout.write(`\nThe server goes on at ${server.url}\nStop it with Ctrl-C.\n`)
  await Promise.race([interrupted, server.process.ended])
}

function stopEarly(): never {
  throw new Error('interrupted')
}

/** Resolves at the first of these signals, which no longer end this process. */
function signalOf(...signals: NodeJS.Signals[]): Promise<void> {
  return new Promise(resolve => {
    for (const signal of signals) process.once(signal, () => resolve())
  })
}

try {
  process.exitCode = await main(readArguments(process.argv.slice(2)))
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}

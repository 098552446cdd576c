import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { auditRoutes, createClient, workspaceRoutes } from '@hagane/contract'
import { randomNumbers } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer, stopServer } from '../../../tools/demo/server.ts'
import { finalStateOf } from './final-state.ts'
import { Journey } from './journey.ts'
import { type LateFlights, makeLateFlights } from './late-flights.ts'
import { kill, processesOf, type Role, roles } from './processes.ts'

/** How many processes are killed; more of them take more journeys. */
const KILLS = Number(process.env.HAGANE_LOOP_KILLS ?? 6)
/** Printed with a failure: the same seed draws the same moments and victims, as far as the machine's speed allows. */
const seed = Number(process.env.KILL_SEED ?? Date.now() % 100_000)
/** The longest time between two kills, in milliseconds. */
const LONGEST = 4000

let folder = ''
let flights: LateFlights
const received = new Map<string, string>()
const receiver = createServer(async (request, response) => {
  await text(request)
  // what is sent again after a kill has the id of the first time
  received.set(String(request.headers['webhook-id']), String(request.url))
  response.writeHead(204).end()
})

/** A server with a data folder of its own, which is started again where it was, as its supervisor would. */
class Site {
  readonly dataDir: string
  #server: RunningServer | undefined
  #port = 0

  constructor(name: string) {
    this.dataDir = join(folder, name)
  }

  async start(): Promise<void> {
    await mkdir(this.dataDir, { recursive: true })
    const flags = ['--allow-private-urls', 'true']
    this.#server = await startServer(this.dataDir, { port: this.#port, timeoutMs: 300_000, flags })
    // where running steps log to stays the same
    this.#port = Number(new URL(this.#server.url).port)
  }

  client(workspace?: string) {
    return createClient({ url: this.#server?.url ?? '', ...(workspace === undefined ? {} : { workspace }) })
  }

  async stop(): Promise<void> {
    if (this.#server !== undefined) await stopServer(this.#server)
  }
}
const sites: Site[] = []
async function openSite(name: string): Promise<Site> {
  const site = new Site(name)
  sites.push(site)
  await site.start()
  return site
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hagane-loop-kills-'))
  await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve))
  flights = await makeLateFlights(folder)
}, 600_000)
afterAll(async () => {
  for (const site of sites) await site.stop()
  receiver.closeAllConnections()
  await new Promise(resolve => receiver.close(resolve))
  await rm(folder, { recursive: true, force: true, maxRetries: 10 })
}, 120_000)

/** Takes a journey to its end, while `disturb` does what it does again and again. Answers its final state. */
async function travel(site: Site, workspace: string, disturb: () => Promise<void>): Promise<unknown> {
  const journey = new Journey(workspace, () => site.client(workspace), flights)
  const { port } = receiver.address() as AddressInfo
  const ran = join(folder, `ran-${workspace}`)
  await writeFile(ran, '')
  await site.client().call(workspaceRoutes.create, { body: { name: workspace } })
  await journey.setUp(`http://127.0.0.1:${port}/`, ran)
  await journey.freshRows()
  let run = await journey.ended()
  for (; run === undefined; run = await journey.ended()) await disturb()
  await journey.stopCallers()
  expect(run.state, JSON.stringify(run)).toBe('completed')
  const urls = () => [...received.values()].filter(url => url.includes(`of=${workspace}&`))
  while (!urls().some(url => url.includes('alerts'))) await sleep(100)
  const state = await finalStateOf(site.client(workspace), workspace, journey.rule)
  const told = urls().map(url => url.replace(/.*&/, ''))
  return { state, ran: await readFile(ran, 'utf8'), told: told.sort() }
}

it(`comes to the same end with each action once, although ${KILLS} processes are killed on its way (seed ${seed})`, async () => {
  const random = randomNumbers(seed)
  const killed: Record<Role, number> = { server: 0, gateway: 0, worker: 0, step: 0 }
  const kills = () => Object.values(killed).reduce((sum, n) => sum + n, 0)
  const site = await openSite('disturbed')
  const disturb = async (): Promise<void> => {
    await sleep(random() * LONGEST)
    const there = await processesOf(site.dataDir)
    const found = roles.filter(role => there[role].length > 0)
    const role = found[Math.floor(random() * found.length)] ?? 'server'
    const victim = there[role][Math.floor(random() * there[role].length)]
    if (kills() >= KILLS || victim === undefined || !kill(victim)) return
    killed[role] += 1
    if (role === 'server') await site.start()
  }
  const undisturbed = openSite('undisturbed').then(calm => travel(calm, 'undisturbed', () => sleep(100)))
  const states: unknown[] = []
  while (states.length === 0 || kills() < KILLS)
    states.push(await travel(site, `disturbed-${states.length + 1}`, disturb))
  for (const state of states) expect(state, JSON.stringify(killed)).toEqual(await undisturbed)
  expect(await site.client().call(auditRoutes.verify, {})).toMatchObject({ ok: true })
}, 3_600_000)

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cli } from '../cli.ts'
import { runJob } from '../jobs.ts'
import type { Stage } from './act.ts'

/** Real flights as requests, one file for each day, with what became of them. */
export interface Flights {
  readonly folder: string
  readonly days: readonly string[]
}

/** A program that asks the endpoint, as any other would: by its address and a key. */
interface Client {
  readonly uri: string
  readonly headers: Record<string, string>
}

/** Makes the requests of July and fetches them into `folder`. */
export async function makeRequests({ cli, tell }: Stage, folder: string): Promise<Flights> {
  const { job } = await runJob(cli, 'replay/job.yml', tell)
  await cli.run('job', 'download', '-n', job.name, '--output-name', 'requests', '--download-path', folder)
  const requests = join(folder, 'named-outputs', 'requests')
  const days = (await readdir(requests)).filter(name => !name.includes('.labels.')).map(name => name.slice(0, 10))
  return { folder: requests, days: days.sort() }
}

/** Sends these days to the endpoint one after another; what became of a day's flights is told a day later. */
export async function sendDays(cli: Cli, endpoint: string, flights: Flights, days: readonly string[]): Promise<number> {
  const client = await clientOf(cli, endpoint)
  let sent = 0
  let labelled: Promise<void> = Promise.resolve()
  for (const day of days) {
    const prediction = await send(client, await readFile(join(flights.folder, `${day}.json`), 'utf8'))
    await labelled
    const labels: number[] = JSON.parse(await readFile(join(flights.folder, `${day}.labels.json`), 'utf8'))
    labelled = tellLabels(client, prediction, labels)
    sent += labels.length
  }
  await labelled
  return sent
}

async function clientOf(cli: Cli, endpoint: string): Promise<Client> {
  const { scoring_uri: uri } = await cli.json<{ scoring_uri: string }>('online-endpoint', 'show', '-n', endpoint)
  const keys = await cli.json<{ primaryKey: string }>('online-endpoint', 'get-credentials', '-n', endpoint)
  return { uri, headers: { authorization: `Bearer ${keys.primaryKey}`, 'content-type': 'application/json' } }
}

async function send({ uri, headers }: Client, body: string): Promise<string> {
  const response = await fetch(uri, { method: 'POST', headers, body })
  const answer = await response.text()
  const prediction = response.headers.get('x-hagane-prediction-id')
  if (!response.ok || prediction === null) throw new Error(`the endpoint answered ${response.status}: ${answer}`)
  return prediction
}

async function tellLabels({ uri, headers }: Client, prediction: string, labels: readonly number[]): Promise<void> {
  const feedback = labels.map((label, row) => ({ row_id: `${prediction}-${row}`, label }))
  const address = new URL(uri.replace(/\/score$/, '/feedback'))
  const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify(feedback) })
  if (!response.ok) throw new Error(`feedback was refused with ${response.status}: ${await response.text()}`)
}

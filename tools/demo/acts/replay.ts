import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cli } from '../cli.ts'
import { runJob } from '../jobs.ts'
import type { Stage } from './act.ts'

/** A program that asks the endpoint, as any other would: by its address and a key. */
interface Caller {
  readonly uri: string
  readonly headers: Record<string, string>
}

/** Real flights as requests, one file for each day, with what became of them, and who sends them. */
export interface Flights {
  readonly folder: string
  readonly days: readonly string[]
  readonly caller: Caller
}

/** Makes the requests of July for the endpoint and fetches them into `folder`. */
export async function makeRequests(stage: Stage, endpoint: string, folder: string): Promise<Flights> {
  const { cli } = stage
  const { job } = await runJob(stage, 'replay/job.yml')
  await cli.run('job', 'download', '-n', job.name, '--output-name', 'requests', '--download-path', folder)
  const requests = join(folder, 'named-outputs', 'requests')
  const days = (await readdir(requests)).filter(name => !name.includes('.labels.')).map(name => name.slice(0, 10))
  return { folder: requests, days: days.sort(), caller: await callerOf(cli, endpoint) }
}

/** Sends these days to the endpoint one after another; what became of a day's flights is told a day later. */
export async function sendDays({ caller, folder }: Flights, days: readonly string[]): Promise<number> {
  let sent = 0
  let labelled: Promise<void> = Promise.resolve()
  for (const day of days) {
    const labels: number[] = JSON.parse(await readFile(join(folder, `${day}.labels.json`), 'utf8'))
    const answered: Answered[] = []
    for (const part of partsOf(JSON.parse(await readFile(join(folder, `${day}.json`), 'utf8')), labels))
      answered.push({ prediction: await send(caller, JSON.stringify(part.body)), labels: part.labels })
    await labelled
    labelled = tellLabels(caller, answered)
    sent += labels.length
  }
  await labelled
  return sent
}

interface Body {
  readonly input_data: { readonly columns: string[]; readonly index: number[]; readonly data: unknown[][] }
}

interface Answered {
  readonly prediction: string
  readonly labels: readonly number[]
}

/** Requests that a day is sent in: each has flights of all its hours, so that what one deployment gets is like what another gets. */
const PARTS = 8

function partsOf(
  { input_data: { columns, data } }: Body,
  labels: readonly number[],
): { body: Body; labels: number[] }[] {
  return Array.from({ length: PARTS }, (_, part) => {
    const isOfPart = (_: unknown, row: number): boolean => row % PARTS === part
    const rows = data.filter(isOfPart)
    const body = { input_data: { columns, index: rows.map((_, row) => row), data: rows } }
    return { body, labels: labels.filter(isOfPart) }
  })
}

async function callerOf(cli: Cli, endpoint: string): Promise<Caller> {
  const { scoring_uri: uri } = await cli.json<{ scoring_uri: string }>('online-endpoint', 'show', '-n', endpoint)
  const keys = await cli.json<{ primaryKey: string }>('online-endpoint', 'get-credentials', '-n', endpoint)
  return { uri, headers: { authorization: `Bearer ${keys.primaryKey}`, 'content-type': 'application/json' } }
}

async function send({ uri, headers }: Caller, body: string): Promise<string> {
  const response = await fetch(uri, { method: 'POST', headers, body })
  const answer = await response.text()
  const prediction = response.headers.get('x-hagane-prediction-id')
  if (!response.ok || prediction === null) throw new Error(`the endpoint answered ${response.status}: ${answer}`)
  return prediction
}

async function tellLabels({ uri, headers }: Caller, answered: readonly Answered[]): Promise<void> {
  const feedback = answered.flatMap(({ prediction, labels }) =>
    labels.map((label, row) => ({ row_id: `${prediction}-${row}`, label })),
  )
  const address = new URL(uri.replace(/\/score$/, '/feedback'))
  const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify(feedback) })
  if (!response.ok) throw new Error(`feedback was refused with ${response.status}: ${await response.text()}`)
}

import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LoggedProcess, lastLines } from '../../tools/demo/processes.ts'

/** Asks every 5 ms until the address answers 200; fails when the process ends or `timeoutMs` pass. */
export async function waitUntilAnswering(url: string, server: LoggedProcess, timeoutMs = 180_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (Date.now() < deadline && !server.hasEnded()) {
    if (await answers(url)) return
    await sleep(5)
  }
  await server.stop()
  throw new Error(`${url} never answered; ${server.logFile} ends with\n${await lastLines(server.logFile)}`)
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    async response => {
      await response.arrayBuffer()
      return response.status === 200
    },
    () => false,
  )

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

/** Posts JSON and returns the JSON answer; anything but 2xx fails with the answer quoted. */
export async function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 500)}`)
  return JSON.parse(text)
}

import { Agent, request } from 'node:http'
import { key } from './deployments.ts'

export interface Reply {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

export interface Ask {
  port: number
  path: string
  method?: string
  body?: string | Buffer
  headers?: Record<string, string>
  agent?: Agent
}

/** One HTTP request with the test key; rejects when the connection breaks. */
export function ask({ port, path, method = 'POST', body = '{}', headers = {}, agent }: Ask): Promise<Reply> {
  const sent = { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers }
  return new Promise((resolve, reject) => {
    const call = request({ port, path, method, headers: sent, agent, host: '127.0.0.1' }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    call.on('error', reject)
    call.end(method === 'GET' ? undefined : body)
  })
}

/** Callers that keep asking, each over one kept-alive connection, until told to stop. */
export function load(what: Omit<Ask, 'agent'>, callers: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: callers })
  const replies: Reply[] = []
  const broken: Error[] = []
  let running = true
  const loops = Array.from({ length: callers }, async () => {
    while (running) {
      try {
        replies.push(await ask({ ...what, agent }))
      } catch (error) {
        broken.push(error as Error)
      }
    }
  })
  return {
    replies,
    broken,
    /** Waits until that many more replies have come. */
    async more(count: number): Promise<void> {
      const wanted = replies.length + count
      await until(() => replies.length + broken.length >= wanted)
    },
    async stop(): Promise<void> {
      running = false
      await Promise.all(loops)
      agent.destroy()
    },
  }
}

/** Waits until a condition holds; the test's own time limit ends the wait. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 20))
}

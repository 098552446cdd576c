import { type Agent, request } from 'node:http'

interface Probe {
  agent: Agent
  port: number
  path: string
  timeoutMs: number
}

/** Asks a route of a server on this machine; undefined when it answers with 200 to 399, as Azure ML counts it, else what was wrong. */
export function probe({ agent, port, path, timeoutMs }: Probe): Promise<string | undefined> {
  return new Promise(resolve => {
    const call = request({ agent, host: '127.0.0.1', port, path, method: 'GET', timeout: timeoutMs }, response => {
      response.resume()
      const status = response.statusCode ?? 0
      resolve(status >= 200 && status < 400 ? undefined : `answered ${status}`)
    })
    call.on('timeout', () => call.destroy(new Error(`did not answer within ${timeoutMs} ms`)))
    call.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'is not listened at' : `failed: ${error.message}`),
    )
    call.end()
  })
}

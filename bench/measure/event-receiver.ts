import { createServer } from 'node:net'

/**
 * Takes webhooks by plain HTTP/1.1 on a free port, as cheaply as can be, so that the sender and not this is what is measured;
 * answers `count` on standard input with how many different deliveries came, how many came twice, and the largest lag of the
 * last second. Run as a process of its own.
 */
const answer = 'HTTP/1.1 204 No Content\r\n\r\n'
const seen = new Set<string>()
let twice = 0
let lags: number[] = []

function take(head: string, body: string): void {
  const id = /webhook-id: (\S+)/.exec(head)?.[1] ?? ''
  if (seen.has(id)) twice++
  seen.add(id)
  const time = /"time":"([^"]+)"/.exec(body)?.[1]
  if (time !== undefined) lags.push(Date.now() - Date.parse(time))
}

const server = createServer(socket => {
  let rest = ''
  socket.setNoDelay(true)
  socket.on('data', bytes => {
    rest += bytes.toString('latin1')
    let taken = 0
    for (;;) {
      const end = rest.indexOf('\r\n\r\n')
      const length = end < 0 ? 0 : Number(/content-length: (\d+)/i.exec(rest.slice(0, end))?.[1] ?? 0)
      if (end < 0 || rest.length < end + 4 + length) break
      take(rest.slice(0, end), rest.slice(end + 4, end + 4 + length))
      rest = rest.slice(end + 4 + length)
      taken++
    }
    if (taken > 0) socket.write(answer.repeat(taken))
  })
  socket.on('error', () => socket.destroy())
})

process.on('message', () => {
  const sorted = lags.sort((a, b) => a - b)
  lags = []
  const { user, system } = process.cpuUsage()
  const processorMs = (user + system) / 1000
  process.send?.({ seen: seen.size, twice, processorMs, lag: sorted[Math.floor(sorted.length * 0.99)] ?? 0 })
})
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }))

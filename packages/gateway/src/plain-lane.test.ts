import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from './testing/callers.ts'
import { echoScript, endpointOf, key, scoreDeployment, tableOf } from './testing/deployments.ts'
import { gatewayHere, type Running, untilReady } from './testing/gateways.ts'

const authorization = `authorization: Bearer ${key}`
/** Says that it is at work by making the file that it is asked for. */
const slow = `import json, time
def init(): pass
def run(raw):
    open(json.loads(raw), 'w').close()
    time.sleep(0.3)
    return raw
`

/** A connection that shows all that has come. */
class Wire {
  text = ''
  isOver = false
  readonly socket: Socket

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setNoDelay(true)
    this.socket.setEncoding('latin1').on('data', (chunk: string) => {
      this.text += chunk
    })
    this.socket.on('close', () => {
      this.isOver = true
    })
    this.socket.on('error', () => undefined)
  }

  get statuses(): string[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status as string)
  }

  /** Waits for so many answers with their bodies. */
  async answers(count: number): Promise<string[]> {
    await until(() => this.statuses.length >= count || this.isOver)
    const quiet = this.text
    await new Promise(resolve => setImmediate(resolve))
    return quiet === this.text ? this.statuses : this.answers(count)
  }
}

const post = (body: string, ...headers: string[]): string => {
  const head = ['POST /endpoints/echo/score HTTP/1.1', 'host: h', authorization, `content-length: ${body.length}`]
  return [...head, ...headers, '', body].join('\r\n')
}
const chunked = `POST /endpoints/echo/score HTTP/1.1\r\nhost: h\r\n${authorization}\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`
const toSlow = (mark: string): string => post(JSON.stringify(mark)).replace('/echo/', '/slow/')

describe('a connection', () => {
  let gateway: Running
  beforeAll(async () => {
    gateway = await gatewayHere(
      tableOf(
        endpointOf('echo', [scoreDeployment('blue', echoScript('blue'))]),
        endpointOf('slow', [scoreDeployment('blue', slow)]),
      ),
    )
    await untilReady(gateway, 2)
  })
  afterAll(() => gateway.stop())

  async function exchange(text: string | string[], answers = 1): Promise<Wire> {
    const wire = new Wire(gateway.port)
    for (const piece of [text].flat()) {
      wire.socket.write(piece, 'latin1')
      await new Promise(resolve => setImmediate(resolve))
    }
    await wire.answers(answers)
    wire.socket.destroy()
    return wire
  }

  it('is answered the same wherever a request is cut', async () => {
    const whole = post('{"a": 1}')
    const answers = await Promise.all(
      Array.from({ length: whole.length - 1 }, (_, at) => exchange([whole.slice(0, at + 1), whole.slice(at + 1)])),
    )
    const facts = answers.map(({ text }) => [text.slice(0, 15), text.slice(text.indexOf('\r\n\r\n'))].join(''))
    expect(new Set(facts).size).toBe(1)
    expect(facts[0]).toMatch(/^HTTP\/1\.1 200 OK/)
  })

  it('is answered in order when requests are sent ahead, also across lanes', async () => {
    const wire = await exchange([post('"1"') + post('"2"') + chunked + post('"3"')], 4)
    expect(wire.statuses).toEqual(['200', '200', '200', '200'])
    expect([...wire.text.matchAll(/"got": ("\d"|\{\})/g)].map(([, got]) => got)).toEqual(['"1"', '"2"', '{}', '"3"'])
  })

  it.each([
    ['two lengths', post('{}', 'content-length: 3'), '400'],
    ['a folded line', post('{}', 'x: a', ' b'), '400'],
    ['a length and a transfer coding', post('{}', 'transfer-encoding: chunked'), '400'],
    ['no host', post('{}').replace('host: h\r\n', ''), '400'],
    ['HTTP/1.0', post('{}').replace('1.1', '1.0'), '200'],
    ['an end of the connection', post('{}', 'connection: close'), '200'],
    ['no key', post('{}').replace(authorization, 'x: y'), '401'],
    ['a path that is not there', post('{}').replace('/score', '/nothing'), '404'],
    ['a head without end', `POST / HTTP/1.1\r\nx: ${'a'.repeat(20_000)}`, '431'],
    ['no HTTP at all', 'hello\r\n\r\n', '400'],
  ])('with %s is answered as node:http answers', async (_, text, status) => {
    expect((await exchange(text)).statuses).toEqual([status])
  })

  it('is answered many large requests, each with its own body', async () => {
    const bodies = ['a', 'b', 'c'].map(letter => JSON.stringify(letter.repeat(100_000)))
    const wire = await exchange(
      bodies.map(body => post(body)),
      3,
    )
    for (const [n, letter] of ['a', 'b', 'c'].entries()) {
      const at = wire.text.indexOf(letter.repeat(100_000))
      expect(at, letter).toBeGreaterThan(n * 100_000)
    }
  })

  it('that goes away is noticed while its request is worked at, and a half-closed one has gone', async () => {
    const wire = new Wire(gateway.port)
    const mark = join(gateway.dir, 'gone')
    wire.socket.write(toSlow(mark))
    await until(() => existsSync(mark))
    wire.socket.end()
    await once(wire.socket, 'close')
    expect(wire.text).toBe('')
  })

  it('gets its answer from a gateway that is to end, and is closed then; one without a request is closed at once', async () => {
    const ending = await gatewayHere(tableOf(endpointOf('slow', [scoreDeployment('blue', slow)])))
    await untilReady(ending, 1)
    const [busy, idle, half] = [new Wire(ending.port), new Wire(ending.port), new Wire(ending.port)]
    const [mark, other] = [join(gateway.dir, 'busy'), toSlow(join(gateway.dir, 'half'))]
    half.socket.write(other.slice(0, -1))
    busy.socket.write(toSlow(mark))
    await until(() => existsSync(mark))
    const stopped = ending.stop()
    half.socket.write(other.slice(-1))
    await until(() => idle.isOver && busy.isOver && half.isOver)
    await stopped
    for (const { text: got } of [busy, half]) expect(got).toMatch(/^HTTP\/1\.1 200 OK.*Connection: close/s)
    expect(idle.text).toBe('')
  })
})

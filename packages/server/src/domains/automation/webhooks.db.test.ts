import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RuleRun, ruleRoutes } from '@hagane/contract'
import { buildTestApp, eachDialect, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

eachDialect('webhooks of rules', database => {
  let app: TestApp
  beforeAll(async () => {
    app = await buildTestApp({ settings: { database: database.location(), allow_private_urls: true } })
  }, 120_000)
  afterAll(() => app[Symbol.asyncDispose]())

  const create = (rule: object) => app.client.call(ruleRoutes.create, { body: { rule: rule as never } })
  const until = async (name: string, count: number): Promise<RuleRun[]> => {
    for (;;) {
      const { items } = await app.client.call(ruleRoutes.runs, { params: { name } })
      if (items.length >= count && items.every(run => run.state !== 'running')) return items
      await sleep(50)
    }
  }

  it('one that a rule calls is signed by its secret, and tried again after another answer than 2xx', async () => {
    const seen: { headers: IncomingHttpHeaders; body: string }[] = []
    const receiver = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString()
      seen.push({ headers: request.headers, body })
      response.writeHead(seen.length === 1 ? 503 : 200).end('busy')
    })
    await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve))
    const { port } = receiver.address() as AddressInfo
    const hook = { url: `http://127.0.0.1:${port}/x`, headers: { 'X-Team': '${{event.data.team}}' } }
    await create({
      name: 'calling',
      on: { event: { types: ['dev.hagane.test.none'] } },
      do: [
        {
          id: 'call',
          retry_settings: { max_retries: 1, delay: '1s' },
          call_webhook: { ...hook, body: { n: '${{event.data.n}}' } },
        },
      ],
    })
    const params = { name: 'calling' }
    const { secret } = await app.client.call(ruleRoutes.secret, { params, body: {} })
    await app.client.call(ruleRoutes.trigger, { params, body: { data: { n: 7, team: 'fraud' } } })
    const [run] = await until('calling', 1)
    receiver.close()
    receiver.closeAllConnections()
    expect(run?.actions[0]).toMatchObject({ state: 'succeeded', attempts: 2, result: { status: 200 } })
    expect(seen).toHaveLength(2)
    const [, last] = seen
    const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = last?.headers ?? {}
    expect(last?.body).toBe('{"n":7}')
    expect(last?.headers['x-team']).toBe('fraud')
    const signed = createHmac('sha256', secret).update(`${id}.${time}.${last?.body}`)
    expect(signature).toBe(`v1,${signed.digest('base64')}`)
  })

  it('signed pushes of GitHub and others set a rule off, each delivery once, by branch, tag and path', async () => {
    await create({
      name: 'pushed',
      on: {
        git: { repository: 'acme/flights', branches: ['main', 'release/*'], tags: ['v*'], paths: ['train/**'] },
      },
      do: [{ id: 'tell', notify: { message: '${{event.data.ref}} at ${{event.data.commit}}' } }],
    })
    const params = { name: 'pushed' }
    const { secret, url } = await app.client.call(ruleRoutes.secret, { params, body: { secret: 'a secret of mine' } })
    expect(url).toBe(`${app.url}/api/v1/hooks/git/pushed`)
    const github = async (delivery: string, sent: object, { key = secret, event = 'push' } = {}) => {
      const body = JSON.stringify(sent)
      const signature = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`
      const about = { 'x-github-event': event, 'x-github-delivery': delivery, 'x-hub-signature-256': signature }
      const headers = { ...about, 'content-type': 'application/json' }
      const response = await fetch(url, { method: 'POST', body, headers })
      return `${response.status} ${((await response.json()) as { event?: string }).event ?? ''}`
    }
    const push = (ref: string, file: string, after = 'c0ffee') => ({
      ...{ ref, after, before: '0'.repeat(40), repository: { full_name: 'acme/flights' } },
      ...{ pusher: { name: 'mei' }, commits: [{ added: [file], modified: [], removed: [] }] },
    })
    const train = push('refs/heads/main', 'train/a.py')
    expect(await github('1', { zen: 'x' }, { event: 'ping' })).toBe('202 ping')
    expect(await github('2', train)).toBe('202 push')
    expect(await github('2', train)).toBe('202 seen-before')
    expect(await github('3', push('refs/heads/main', 'README.md'))).toBe('202 push')
    expect(await github('4', push('refs/heads/other', 'train/a.py'))).toBe('202 push')
    expect(await github('5', push('refs/tags/v1.0', 'README.md'))).toBe('202 push')
    expect(await github('6', push('refs/heads/main', 'train/a.py', '0'.repeat(40)))).toBe('202 other')
    expect(await github('7', train, { key: 'wrong' })).toBe('401 ')
    expect(await github('8', { ref: 7 })).toBe('400 ')
    const generic = async (name: string, seconds: number) => {
      const about = { repository: 'acme/flights', ref: 'refs/heads/release/2', commit: 'beef' }
      const body = JSON.stringify({ ...about, paths: ['train/b.py'] })
      const time = String(Math.floor(Date.now() / 1000) + seconds)
      const signature = `v1,${createHmac('sha256', secret).update(`g1.${time}.${body}`).digest('base64')}`
      const headers = { 'webhook-id': 'g1', 'webhook-timestamp': time, 'webhook-signature': signature }
      return (await fetch(url.replace('pushed', name), { method: 'POST', body, headers })).status
    }
    expect(await generic('pushed', -600)).toBe(401)
    expect(await generic('nobody', 0)).toBe(401)
    expect(await generic('pushed', 0)).toBe(202)
    expect((await until('pushed', 3)).map(run => run.actions[0]?.result?.message).sort()).toEqual([
      'refs/heads/main at c0ffee',
      'refs/heads/release/2 at beef',
      'refs/tags/v1.0 at c0ffee',
    ])
  })
})

import { accessRoutes, errorBody, HaganeError, workspaceRoutes } from '@hagane/contract'
import { buildTestApp, type TestApp } from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// answers are read as a stranger would, without the contract's types
interface Json {
  error: { message: string; request_id: string; details: unknown; code: string }
  items: { name: string }[]
  next_cursor: string
  workspace: string
  paths: object
  components: { schemas: object }
}

describe('the HTTP server', () => {
  let server: TestApp
  beforeAll(async () => {
    server = await buildTestApp({ settings: { body_limit: 4096 } })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const send = async (path: string, init: RequestInit & { host?: string } = {}) => {
    const response = await fetch(server.url + path, init)
    return { status: response.status, headers: response.headers, body: (await response.json()) as Json }
  }
  const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
    send(path, { method: 'POST', body: body as never, headers: { 'content-type': 'application/json', ...headers } })

  it.each([
    ['not JSON', '{"a":', 'not valid JSON'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'not valid UTF-8'],
    ['NUL in text', '{"name":"a\\u0000b"}', 'NUL'],
    ['an unknown property', '{"name":"ok","role":"admin","colour":"red"}', 'colour'],
    ['a wrong type', '{"name":5,"role":"admin"}', 'name'],
    ['nothing', '', 'needs a JSON body'],
  ])('answers 400 in our error form to %s', async (_what, body, says) => {
    const answer = await post(accessRoutes.createToken.path, body)
    expect(answer.status).toBe(400)
    expect(errorBody.parse(answer.body).error.message).toContain(says)
    expect(answer.headers.get('x-request-id')).toBe(answer.body.error.request_id)
  })

  it('says what was sent and what is allowed', async () => {
    const answer = await post(accessRoutes.createToken.path, '{"name":"x","role":"king"}')
    expect(answer.body.error.details).toEqual([
      { property: 'role', message: expect.any(String), sent: 'king', allowed: ['reader', 'contributor', 'admin'] },
    ])
  })

  it('refuses a body over the limit with 413, whether announced or streamed', async () => {
    expect((await post(accessRoutes.createToken.path, 'x'.repeat(5000))).status).toBe(413)
    const endless = new ReadableStream({ pull: controller => controller.enqueue(new Uint8Array(1024)) })
    const streamed = await fetch(server.url + accessRoutes.createToken.path, {
      method: 'POST',
      body: endless,
      duplex: 'half',
      headers: { 'content-type': 'application/json' },
    } as RequestInit).then(
      answer => answer.status,
      () => 413,
    )
    expect(streamed).toBe(413)
  })

  it.each(['/nowhere', '/api/v1/%ff', '/ws/%ff/api/v1/status', '/api/v1/data/a%00b/versions'])(
    'answers a 4xx to %s',
    async path => {
      const answer = await send(path)
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
      expect(errorBody.safeParse(answer.body).success).toBe(true)
    },
  )

  it('answers under the prefix of a workspace, and says when there is none of that name', async () => {
    await server.client.call(workspaceRoutes.create, { body: { name: 'second' } })
    expect((await send('/ws/second/api/v1/access/whoami')).body.workspace).toBe('second')
    expect(await send('/ws/third/api/v1/access/whoami')).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found' } },
    })
  })

  it('cannot be told another workspace by a header', async () => {
    expect((await send('/api/v1/access/whoami', { headers: { 'x-hagane-workspace': 'second' } })).body.workspace).toBe(
      'default',
    )
  })

  it('repeats the answer of a create with the same Idempotency-Key and does the work once', async () => {
    const create = () => post(workspaceRoutes.create.path, '{"name":"once"}', { 'idempotency-key': 'k1' })
    const first = await create()
    const second = await create()
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.body).toEqual(first.body)
    expect(await post(workspaceRoutes.create.path, '{"name":"twice"}', { 'idempotency-key': 'k1' })).toMatchObject({
      status: 409,
    })
  })

  it('refuses a change of something that changed meanwhile', async () => {
    const before = await server.client.call(workspaceRoutes.show, { params: { name: 'second' } })
    const update = (ifMatch: string) =>
      send('/api/v1/workspaces/second', {
        method: 'PATCH',
        body: '{"description":"new"}',
        headers: { 'content-type': 'application/json', 'if-match': `"${ifMatch}"` },
      })
    expect((await update(before.etag)).status).toBe(200)
    expect((await update(before.etag)).status).toBe(412)
  })

  it('pages by a cursor that only it can make', async () => {
    const first = await send('/api/v1/workspaces?limit=2')
    const rest = await send(`/api/v1/workspaces?limit=2&cursor=${first.body.next_cursor}`)
    const names = [...first.body.items, ...rest.body.items].map((item: { name: string }) => item.name)
    expect(names).toEqual([...new Set(names)].sort())
    expect(await send('/api/v1/workspaces?cursor=bm9uc2Vuc2U')).toMatchObject({ status: 400 })
    expect(await send('/api/v1/workspaces?limit=0')).toMatchObject({ status: 400 })
  })

  it('keeps pages of other sites from changing anything', async () => {
    expect((await post(workspaceRoutes.create.path, '{"name":"evil"}', { origin: 'http://evil.example' })).status).toBe(
      403,
    )
  })

  it('rebuilds errors in the client', async () => {
    const error = await server.client
      .call(workspaceRoutes.show, { params: { name: 'nowhere' } })
      .catch((e: unknown) => e)
    expect(error).toBeInstanceOf(HaganeError)
    expect(error).toMatchObject({ kind: 'not_found', hint: expect.stringContaining('workspace list') })
  })

  it('describes every route in OpenAPI, with its permission', async () => {
    const document = (await send('/openapi.json')).body
    const described = Object.values(document.paths).flatMap(path =>
      Object.values(path as Record<string, { operationId: string; 'x-permission': string }>),
    )
    expect(described.map(operation => operation.operationId).sort()).toEqual(
      server.app.routes.map(route => route.declaration.operationId).sort(),
    )
    expect(described.every(operation => typeof operation['x-permission'] === 'string')).toBe(true)
    const used = JSON.stringify(document).match(/#\/components\/schemas\/[^"]+/g) ?? []
    expect(
      used.map(ref => ref.split('/').at(-1)).filter(name => !(String(name) in document.components.schemas)),
    ).toEqual([])
  })
})

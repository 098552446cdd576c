import { describe, expect, it } from 'vitest'
import { parsePipConfig, uvVariables } from './pip-settings.ts'

describe("a user's pip settings", () => {
  it('are read with the environment before install before global, as pip ranks them', () => {
    const text =
      ":env:.cert='/env.pem'\nglobal.cert='/global.pem'\nglobal.index-url='https://g'\ninstall.index-url='https://i'\nglobal.timeout='60'\nlist.format='columns'\n"
    expect(parsePipConfig(text)).toEqual({ cert: '/env.pem', 'index-url': 'https://i', timeout: '60' })
  })

  it('may have several values on several lines', () => {
    expect(parsePipConfig("global.extra-index-url='\\nhttps://a/simple\\nhttps://b/simple'")).toEqual({
      'extra-index-url': '\nhttps://a/simple\nhttps://b/simple',
    })
  })

  it('reach uv by its own variables', () => {
    const settings = parsePipConfig(
      "global.index-url='https://u:p@i/simple'\nglobal.extra-index-url='https://a https://b'\n:env:.find-links='/w1 /w2'\nglobal.trusted-host='i'\nglobal.cert='/c.pem'\nglobal.no-index='true'\n",
    )
    expect(uvVariables(settings, {})).toEqual({
      UV_DEFAULT_INDEX: 'https://u:p@i/simple',
      UV_INDEX: 'https://a https://b',
      UV_INDEX_STRATEGY: 'unsafe-best-match',
      UV_FIND_LINKS: '/w1,/w2',
      UV_INSECURE_HOST: 'i',
      SSL_CERT_FILE: '/c.pem',
      UV_NO_INDEX: '1',
    })
  })

  it('never replace what is set for uv', () => {
    const settings = parsePipConfig(
      "global.index-url='https://pip'\nglobal.extra-index-url='https://x'\nglobal.cert='/c.pem'\n",
    )
    expect(
      uvVariables(settings, { UV_INDEX_URL: 'https://uv', UV_INDEX: 'https://y', SSL_CERT_FILE: '/own.pem' }),
    ).toEqual({})
  })
})

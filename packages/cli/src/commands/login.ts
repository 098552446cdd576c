import { accessRoutes, createClient, HaganeError } from '@hagane/contract'
import { text, toggle } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Noun, verb } from '../invocation.ts'
import { readConfig, writeConfig } from '../settings/config-file.ts'
import { serverUrl } from '../settings/settings.ts'
import { readSecret } from '../terminal/read-secret.ts'

const login = verb({
  name: '',
  summary: 'Remember a server and a token for it',
  description: `The token is read from the terminal without showing it, or from stdin; it is tried, then kept in a file that only
you can read, and sent to that server alone. An administrator makes one with hagane access token create.`,
  examples: [
    'hagane login --url https://hagane.example.com',
    'echo "$TOKEN" | hagane login --url https://hagane.example.com --token-stdin',
    'hagane login --url https://hagane.example.com --forget',
  ],
  flags: {
    url: text('--url <url>', 'address of the server (default: the one in use)'),
    tokenStdin: toggle('--token-stdin', 'read the token from stdin'),
    forget: toggle('--forget', 'forget the token of this server'),
  },
  run: async (call, options) => {
    const url = options.url === undefined ? call.settings.url.value : serverUrl({ value: options.url, from: '--url' })
    const { path } = call.settings
    const file = await readConfig(path)
    const { [url]: _, ...others } = file.tokens ?? {}
    if (options.forget) {
      await writeConfig(path, { ...file, tokens: others })
      return call.note(`the token for ${url} is forgotten`)
    }
    if (!options.tokenStdin && call.surroundings.stdin.isTTY !== true) {
      throw new UsageError('there is no terminal to ask for the token', 'pipe it in with --token-stdin')
    }
    const token = await readSecret(`Token for ${url}: `, call.surroundings)
    if (!/^[\x21-\x7e]+$/.test(token)) throw new HaganeError('invalid', 'that is not a token')
    const { actor } = await createClient({ url, token }).call(accessRoutes.whoami)
    await writeConfig(path, { ...file, url, tokens: { ...others, [url]: token } })
    call.note(`logged in to ${url} as ${actor}; written to ${path}`)
  },
})

export const noun: Noun = { name: 'login', summary: 'Remember a server and a token', verbs: [login] }

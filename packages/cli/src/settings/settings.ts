import { UsageError } from '../grammar/usage-error.ts'
import { type ConfigFile, configPath, readConfig } from './config-file.ts'

/** A value and where it came from, so that `hagane config show` can say so. */
export interface Setting {
  readonly value: string
  readonly from: string
}

export interface Settings {
  readonly url: Setting
  readonly workspace: Setting
  readonly actor: Setting
  readonly token: Setting | undefined
  readonly path: string
}

export interface SettingsInput {
  env: Record<string, string | undefined>
  home: string
  user: string
  workspaceFlag: string | undefined
}

export const defaultUrl = 'http://127.0.0.1:7700'

/** Decides every setting: flag, then environment variable, then the file of `hagane login`, then the built-in value. */
export async function readSettings(input: SettingsInput): Promise<Settings> {
  const path = configPath(input.env, input.home)
  const file = await readConfig(path)
  const url = pick([input.env.HAGANE_URL, 'HAGANE_URL'], [file.url, path]) ?? builtIn(defaultUrl)
  return {
    url: { ...url, value: serverUrl(url) },
    workspace:
      pick(
        [input.workspaceFlag, '--workspace-name'],
        [input.env.HAGANE_WORKSPACE, 'HAGANE_WORKSPACE'],
        [file.workspace, path],
      ) ?? builtIn('default'),
    actor: pick([input.env.HAGANE_ACTOR, 'HAGANE_ACTOR']) ?? { value: input.user, from: 'the name of the local user' },
    token: checkedToken(pick([input.env.HAGANE_TOKEN, 'HAGANE_TOKEN'], [tokenFor(file, serverUrl(url)), path])),
    path,
  }
}

const builtIn = (value: string): Setting => ({ value, from: 'built in' })

function pick(...candidates: [string | undefined, string][]): Setting | undefined {
  for (const [value, from] of candidates) {
    if (value !== undefined && value !== '') return { value, from }
  }
  return undefined
}

/** A token travels in a header; the text of another file would not get through. It is never shown. */
function checkedToken(token: Setting | undefined): Setting | undefined {
  if (token === undefined || /^[\x21-\x7e]+$/.test(token.value)) return token
  throw new UsageError(`the token from ${token.from} is none: it holds blanks, line breaks or letters beyond ASCII`)
}

/** The token that was stored for this server; tokens of other servers are never sent to it. */
export function tokenFor(file: ConfigFile, url: string): string | undefined {
  return file.tokens?.[url]
}

/** Checks a server address and takes trailing slashes off. */
export function serverUrl(setting: Setting): string {
  const url = URL.parse(setting.value)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `'${setting.value}' (from ${setting.from}) is not a server address`,
      `write it like ${defaultUrl}`,
    )
  }
  return setting.value.replace(/\/+$/, '')
}

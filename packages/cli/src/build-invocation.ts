import { type Client, createClient } from '@hagane/contract'
import { withoutFolder } from './failure.ts'
import type { GlobalOptions, OutputFormat } from './grammar/globals.ts'
import { plainFetch } from './http/plain-fetch.ts'
import type { Invocation, Noun } from './invocation.ts'
import { type Manner, render } from './output/print.ts'
import { compileQuery } from './output/query.ts'
import { readSettings, type Settings } from './settings/settings.ts'
import { harmless, hasColours, paint, type Surroundings } from './terminal/terminal.ts'

/** Prepares a verb's surroundings: settings, client, compiled query. Reads one file, asks no server. */
export async function buildInvocation(input: {
  globals: GlobalOptions
  args: readonly string[]
  likeAz: boolean
  loadNouns: () => Promise<readonly Noun[]>
  surroundings: Surroundings
}): Promise<Invocation> {
  const { globals, likeAz, surroundings } = input
  const { env, home, user, stdout, stderr } = surroundings
  const settings = await readSettings({ env, home, user, workspaceFlag: globals.workspaceName })
  const manner: Manner = {
    format: globals.output as OutputFormat | undefined,
    query: globals.query === undefined ? undefined : await compileQuery(globals.query),
    likeAz,
  }
  const colours = hasColours(stderr, env)
  const remark = (text: string) => {
    if (!globals.onlyShowErrors) stderr.write(`${text}\n`)
  }
  if (globals.verbose || globals.debug) remark(`server ${settings.url.value} (${settings.url.from})`)
  return {
    ...input,
    settings,
    manifests: [],
    client: clientOf(settings, globals.registryName ?? settings.workspace.value),
    workspaceClient: clientOf(settings, settings.workspace.value),
    serverClient: clientOf(settings, 'default'),
    resultIsWanted: globals.output !== undefined || globals.query !== undefined,
    print: async (value, columns) => {
      stdout.write(await render(value, manner, surroundings, columns))
    },
    note: text => remark(harmless(text)),
    warn: text =>
      remark(`${paint(['bold', 'yellow'], 'warning:', colours)} ${harmless(withoutFolder(text, surroundings.cwd))}`),
  }
}

function clientOf(settings: Settings, workspace: string): Client {
  return createClient({
    url: settings.url.value,
    fetch: plainFetch,
    actor: settings.actor.value,
    ...(workspace === 'default' ? {} : { workspace }),
    ...(settings.token === undefined ? {} : { token: settings.token.value }),
  })
}

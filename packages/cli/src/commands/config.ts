import { HaganeError, serverRoutes } from '@hagane/contract'
import { isUnreachable } from '../failure.ts'
import { text } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import type { Invocation } from '../invocation.ts'
import { type Noun, verb } from '../invocation.ts'
import type { Column } from '../output/table.ts'
import { readConfig, writeConfig } from '../settings/config-file.ts'
import { serverUrl } from '../settings/settings.ts'

interface Row {
  name: string
  value: unknown
  from: string
}

const columns: readonly Column<Row>[] = [
  ['Name', row => row.name],
  ['Value', row => row.value],
  ['From', row => row.from],
]

const show = verb({
  name: 'show',
  summary: 'Show every setting of this CLI and of the server, and where each came from',
  examples: ['hagane config show', `hagane config show --query "[?name=='url'].value" -o tsv`],
  flags: {},
  run: async call => {
    await call.print<Row>([...ownRows(call), ...(await serverRows(call))], columns)
  },
})

function ownRows({ settings }: Invocation): Row[] {
  const { url, workspace, actor, token } = settings
  return [
    { name: 'url', ...url },
    { name: 'workspace', ...workspace },
    { name: 'actor', ...actor },
    { name: 'token', value: token === undefined ? null : '***', from: token?.from ?? 'not set' },
  ]
}

/** The server's settings; without a server, or without the right to see them, a remark instead. */
async function serverRows(call: Invocation): Promise<Row[]> {
  try {
    const config = await call.serverClient.call(serverRoutes.config)
    return Object.entries(config).map(([name, { value, from }]) => ({ name: `server.${name}`, value, from }))
  } catch (error) {
    const hidden = error instanceof HaganeError && ['forbidden', 'unauthenticated'].includes(error.kind)
    if (!hidden && !isUnreachable(error)) throw error
    call.note(`the settings of the server are not shown: ${(error as HaganeError).message}`)
    return []
  }
}

const setContext = verb({
  name: 'set-context',
  summary: 'Remember the server and the workspace to work in',
  examples: ['hagane config set-context --url https://hagane.example.com --workspace team-a'],
  flags: {
    url: text('--url <url>', 'address of the server'),
    workspace: text('--workspace <name>', 'workspace (default for --workspace-name)'),
  },
  run: async (call, options) => {
    const workspace = options.workspace ?? call.globals.workspaceName
    if (options.url === undefined && workspace === undefined) {
      throw new UsageError('set-context needs --url or --workspace')
    }
    const { path } = call.settings
    const url = options.url === undefined ? undefined : serverUrl({ value: options.url, from: '--url' })
    const file = await readConfig(path)
    await writeConfig(path, {
      ...file,
      ...(url === undefined ? {} : { url }),
      ...(workspace === undefined ? {} : { workspace }),
    })
    call.note(`written to ${path}`)
  },
})

export const noun: Noun = {
  name: 'config',
  summary: 'Settings and where each came from',
  verbs: [show, setContext],
}

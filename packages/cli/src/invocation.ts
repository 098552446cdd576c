import { type Client, createClient } from '@hagane/contract'
import type { GlobalOptions, OutputFormat } from './grammar/globals.ts'
import { UsageError } from './grammar/usage-error.ts'
import { type Manner, render } from './output/print.ts'
import { compileQuery } from './output/query.ts'
import type { Column } from './output/table.ts'
import { readSettings, type Settings } from './settings/settings.ts'
import { harmless, hasColours, paint, type Style, type Surroundings } from './terminal/terminal.ts'

/** All a verb may use: the client, the settings, and the ways to print. */
export interface Invocation {
  readonly args: readonly string[]
  readonly globals: GlobalOptions
  readonly settings: Settings
  /** Asks in the chosen workspace. */
  readonly client: Client
  /** Asks the server as such, outside any workspace. */
  readonly serverClient: Client
  readonly surroundings: Surroundings
  /** Called as `hagane az ml …`. */
  readonly likeAz: boolean
  /** `-o` or `--query` was given, so stdout is for the result alone. */
  readonly resultIsWanted: boolean
  /** Prints a result as `-o` and `--query` say. `columns` are those of the noun's table. */
  print<Row>(value: Row | readonly Row[], columns?: readonly Column<Row>[]): Promise<void>
  /** A remark for people, on stderr; silent with --only-show-errors. */
  note(text: string): void
  /** A remark that matters, on stderr; silent with --only-show-errors. */
  warn(text: string): void
  paint(style: Style, text: string): string
}

/** Prepares a verb's surroundings: settings, client, compiled query. Reads one file, asks no server. */
export async function buildInvocation(
  globals: GlobalOptions,
  args: readonly string[],
  likeAz: boolean,
  surroundings: Surroundings,
): Promise<Invocation> {
  refuseRegistry(globals)
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
    args,
    globals,
    settings,
    client: clientOf(settings, settings.workspace.value),
    serverClient: clientOf(settings, 'default'),
    surroundings,
    likeAz,
    resultIsWanted: globals.output !== undefined || globals.query !== undefined,
    print: async (value, columns) => {
      stdout.write(await render(value, manner, surroundings, columns))
    },
    note: text => remark(harmless(text)),
    warn: text => remark(`${paint(['bold', 'yellow'], 'warning:', colours)} ${harmless(text)}`),
    paint: (style, text) => paint(style, text, hasColours(stdout, env)),
  }
}

function clientOf(settings: Settings, workspace: string): Client {
  return createClient({
    url: settings.url.value,
    actor: settings.actor.value,
    ...(workspace === 'default' ? {} : { workspace }),
    ...(settings.token === undefined ? {} : { token: settings.token.value }),
  })
}

function refuseRegistry(globals: GlobalOptions): void {
  if (globals.registryName === undefined) return
  throw new UsageError(
    `this server keeps no registries (--registry-name ${globals.registryName})`,
    'leave the flag out, or name a workspace with --workspace-name',
  )
}

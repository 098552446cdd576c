import { UsageError } from './grammar/usage-error.ts'
import type { ConfigFile } from './settings/config-file.ts'
import type { Settings } from './settings/settings.ts'
import { version } from './version.ts'

/** Hagane knows no subscriptions; the id that jobs see too, in AZUREML_ARM_SUBSCRIPTION. */
const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000'

interface Asked {
  readonly settings: Settings
  readonly defaults: Record<string, string>
}

const answers: Readonly<Record<string, (asked: Asked) => unknown>> = {
  'account show': ({ settings }) => subscription(settings),
  'account list': ({ settings }) => [subscription(settings)],
  'account get-access-token': accessToken,
  'group show': ({ defaults }) => ({ id: groupId(defaults), name: groupOf(defaults), location: locationOf(defaults) }),
  'configure -l': listed,
  'configure --list-defaults': listed,
  'config get': asked => ({ defaults: listed(asked) }),
  'extension list': () => [{ name: 'ml', version, extensionType: 'hagane' }],
  'extension show': () => ({ name: 'ml', version, extensionType: 'hagane' }),
  version: versions,
  '--version': versions,
}

/**
 * What scripts ask `az` about their surroundings: subscription, resource group, defaults, versions. A subscription is all
 * zeros, group and location are what `az configure --defaults` was told. Undefined for anything else.
 */
export function azAnswer(words: readonly string[], settings: Settings, config: ConfigFile): unknown {
  const command = [words.slice(0, 2).join(' '), words[0] ?? ''].find(name => Object.hasOwn(answers, name))
  return command === undefined ? undefined : answers[command]?.({ settings, defaults: config.azDefaults ?? {} })
}

const groupOf = (defaults: Record<string, string>): string => defaults.group ?? 'hagane'
const locationOf = (defaults: Record<string, string>): string => defaults.location ?? 'local'
const groupId = (defaults: Record<string, string>): string =>
  `/subscriptions/${SUBSCRIPTION}/resourceGroups/${groupOf(defaults)}`

const subscription = (settings: Settings) => ({
  id: SUBSCRIPTION,
  name: settings.url.value,
  isDefault: true,
  state: 'Enabled',
  tenantId: SUBSCRIPTION,
  user: { name: settings.actor.value, type: 'user' },
})

/** A server on this machine asks for no token: scripts that pass one on get an empty one to pass. */
function accessToken({ settings }: Asked): unknown {
  if (settings.token === undefined && !isOnThisMachine(settings.url.value))
    throw new UsageError(`no token is stored for ${settings.url.value}`, 'run `hagane login` or set HAGANE_TOKEN')
  return { accessToken: settings.token?.value ?? '', subscription: SUBSCRIPTION, tokenType: 'Bearer' }
}

const isOnThisMachine = (url: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname)

function listed({ settings, defaults }: Asked): { name: string; value: string; source: string }[] {
  const all = { group: groupOf(defaults), location: locationOf(defaults), ...defaults }
  return [
    { name: 'workspace', value: settings.workspace.value, source: settings.workspace.from },
    ...Object.entries(all).map(([name, value]) => ({
      name,
      value,
      source: Object.hasOwn(defaults, name) ? settings.path : 'built in',
    })),
  ]
}

function versions(): unknown {
  return { 'azure-cli': `hagane ${version}`, extensions: { ml: version } }
}

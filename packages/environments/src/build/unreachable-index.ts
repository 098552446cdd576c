import { HaganeError } from '@hagane/contract'

const UNREACHABLE =
  /error sending request|dns error|failed to lookup|connection (refused|reset)|timed out|failed to fetch|network (?:is unreachable|error)|NewConnectionError|401 Unauthorized|403 Forbidden|\b50\d (?:internal|bad|service|gateway|server|while)\b|error:? 50\d\b/i
const SETTINGS = ['UV_DEFAULT_INDEX', 'PIP_INDEX_URL', 'UV_INDEX', 'UV_EXTRA_INDEX_URL', 'PIP_EXTRA_INDEX_URL']

/** Whether the last words of uv or pip are about an index that does not answer. */
export const isUnreachable = (output: string): boolean => UNREACHABLE.test(output)

/** Names the setting that leads to the index, which is what its reader can change; the tool's own words are in the details. */
export function unreachableIndex(env: NodeJS.ProcessEnv, output: string): HaganeError {
  const set = SETTINGS.filter(name => (env[name] ?? '') !== '')
  const which = set.length === 0 ? 'the default one, no setting names another' : `set by ${set.join(' and ')}`
  return new HaganeError('unavailable', `the package index could not be reached (${which})`, {
    hint: 'check the network of the server; another index is set with PIP_INDEX_URL or UV_DEFAULT_INDEX, or in pip.conf',
    details: [{ property: 'package_index', message: output, sent: set }],
  })
}

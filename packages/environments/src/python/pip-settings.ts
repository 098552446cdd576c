/** Settings as `pip config list` prints them: `global.index-url='…'`, `:env:.cert='…'`. */
export type PipSettings = Readonly<Record<string, string>>

/** Parses that output. A setting of the environment wins over `install.`, that over `global.`, as in pip. */
export function parsePipConfig(text: string): PipSettings {
  const rank: Record<string, number> = { global: 0, install: 1, ':env:': 2 }
  const best = new Map<string, { rank: number; value: string }>()
  for (const line of text.split('\n')) {
    const [, section = '', name, quoted] = /^(global|install|:env:)\.([\w-]+)=(.*)$/.exec(line.trim()) ?? []
    if (name === undefined || quoted === undefined) continue
    const known = best.get(name)
    const here = rank[section] ?? 0
    if (known === undefined || here >= known.rank) best.set(name, { rank: here, value: unquoted(quoted) })
  }
  return Object.fromEntries([...best].map(([name, { value }]) => [name, value]))
}

/** Values are printed as Python literals. */
function unquoted(text: string): string {
  const inner = /^(['"])(.*)\1$/.exec(text)?.[2]
  return inner === undefined
    ? text
    : inner.replace(/\\(n|t|\\|'|")/g, (_all, escaped: string) => ({ n: '\n', t: '\t' })[escaped] ?? escaped)
}

/**
 * A user's pip settings as uv's variables, since uv does not read pip's. What is already set for uv stays. The values go into the
 * environment of a process only, never into a file.
 */
export function uvVariables(settings: PipSettings, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const words = (name: string) => settings[name]?.split(/\s+/).filter(word => word !== '')
  const extra = words('extra-index-url')
  const hasIndex = env.UV_DEFAULT_INDEX !== undefined || env.UV_INDEX_URL !== undefined
  const hasExtra = env.UV_INDEX !== undefined || env.UV_EXTRA_INDEX_URL !== undefined
  const wished: Record<string, string | undefined> = {
    UV_DEFAULT_INDEX: hasIndex ? undefined : settings['index-url'],
    UV_INDEX: hasExtra ? undefined : extra?.join(' '),
    // pip takes the best version of all its indexes
    UV_INDEX_STRATEGY: hasExtra || extra === undefined ? undefined : 'unsafe-best-match',
    UV_FIND_LINKS: words('find-links')?.join(','),
    UV_NO_INDEX: /^(1|true|yes|on)$/i.test(settings['no-index'] ?? '') ? '1' : undefined,
    UV_INSECURE_HOST: words('trusted-host')?.join(' '),
    UV_HTTP_TIMEOUT: settings.timeout ?? settings['default-timeout'],
    SSL_CERT_FILE: settings.cert,
    SSL_CLIENT_CERT: settings['client-cert'],
    ALL_PROXY: settings.proxy,
  }
  return Object.fromEntries(
    Object.entries(wished).filter(([name, value]) => value !== undefined && value !== '' && env[name] === undefined),
  )
}

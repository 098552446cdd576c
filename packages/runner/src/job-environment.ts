import { delimiter, join } from 'node:path'
import { HaganeError } from '@hagane/contract'
import { stepToken, stepVariable } from './step-variable.ts'

/**
 * What a step does not inherit. The rest passes through, so that certificates, proxies, package indexes, CUDA, Java,
 * locale and HOME work as in the server's own shell.
 * - Hagane's own settings, and a tracking server or run that the server's shell happened to point at;
 * - settings that change how the command's bash, Python or Node behave, so that a step is the same wherever the server was
 *   started (PYTHONDONTWRITEBYTECODE makes every start compile its imports again);
 * - secrets, by name or by a password inside a URL: a step gets only those that its plan names.
 */
const dropped: readonly RegExp[] = [
  /^(HAGANE|AZUREML|npm|VITEST)_|^VITEST$/,
  /^MLFLOW_(TRACKING|EXPERIMENT)_|^MLFLOW_(RUN_ID|REGISTRY_URI)$/,
  /^(PYTHON(DONTWRITEBYTECODE|HOME|PATH|STARTUP|INSPECT|OPTIMIZE)|__PYVENV_LAUNCHER__|VIRTUAL_ENV(_PROMPT)?)$|^CONDA_/,
  /^(BASH_ENV|ENV|SHELLOPTS|BASHOPTS|CDPATH|PWD|OLDPWD|SHLVL|_|INIT_CWD)$|^BASH_FUNC_/,
  /^NODE_(OPTIONS|PATH|ENV|CHANNEL_FD|CHANNEL_SERIALIZATION_MODE|UNIQUE_ID)$/,
]
const secretName =
  /(TOKEN|SECRET|PASS|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|API_?KEY|(ACCESS|PRIVATE|ACCOUNT|SIGNING|ENCRYPTION)_?KEY(_ID)?|CONNECTION_?STRING|DSN)S?(_|$)/i
const urlWithPassword = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i
/** Package indexes and proxies keep their credentials: without them nothing installs. */
const mayHoldCredentials = /_PROXY$|^(PIP|UV)_/i

/** The part of the server's environment that a step may see. */
export function inheritable(environment: NodeJS.ProcessEnv): Record<string, string> {
  const passes = ([name, value]: [string, string | undefined]) =>
    value !== undefined &&
    !dropped.some(pattern => pattern.test(name)) &&
    (mayHoldCredentials.test(name) || !(secretName.test(name) || urlWithPassword.test(value)))
  return Object.fromEntries(Object.entries(environment).filter(passes)) as Record<string, string>
}

export interface EnvironmentParts {
  inherited: NodeJS.ProcessEnv
  own: Record<string, string>
  folder: string
  temporary: string
  /** Prefixes whose `bin` come first on PATH, the winner first; the first is the active environment. */
  prefixes: string[]
  shims: string | undefined
  /** Folder with `hagane`, last on PATH, so that a command can call it wherever the step runs. */
  tools?: string | undefined
}

/** The whole environment of a step's process: inherited, then Hagane's, then the plan's own. */
export function stepEnvironment(parts: EnvironmentParts): Record<string, string> {
  checkVariables(parts.own)
  const inherited = inheritable(parts.inherited)
  const path = parts.own.PATH ?? inherited.PATH ?? '/usr/local/bin:/usr/bin:/bin'
  const active = parts.prefixes[0]
  const pythonPath = [parts.shims, parts.own.PYTHONPATH].filter(part => part !== undefined && part !== '')
  return {
    LANG: process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8',
    ...inherited,
    // logs arrive line by line although standard output is a file
    PYTHONUNBUFFERED: '1',
    TMPDIR: parts.temporary,
    ...parts.own,
    ...(active === undefined ? {} : { VIRTUAL_ENV: active }),
    ...(pythonPath.length === 0 ? {} : { PYTHONPATH: pythonPath.join(delimiter) }),
    ...(parts.tools === undefined ? {} : { HAGANE_NODE: process.execPath }),
    PATH: [
      ...parts.prefixes.map(prefix => join(prefix, 'bin')),
      path,
      ...(parts.tools === undefined ? [] : [parts.tools]),
    ].join(delimiter),
    [stepVariable]: stepToken(parts.folder),
  }
}

/** Linux takes no longer variable (MAX_ARG_STRLEN, less the name). */
const LONGEST_VALUE = 120 * 1024

function checkVariables(own: Record<string, string>): void {
  for (const [name, value] of Object.entries(own)) {
    const badValue = value.includes('\0') || Buffer.byteLength(value) > LONGEST_VALUE
    const wrong = name === '' || /[=\0]/.test(name) ? 'name' : badValue ? 'value' : undefined
    if (wrong === undefined) continue
    throw new HaganeError('invalid', `environment_variables: the ${wrong} of ${JSON.stringify(name)} cannot be used`, {
      hint: `a name is not empty and holds no "="; neither holds a NUL; a value has at most ${LONGEST_VALUE} bytes`,
      details: [{ property: `environment_variables.${name}`, message: `unusable ${wrong}` }],
    })
  }
}

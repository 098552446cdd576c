import { writeFileSync } from 'node:fs'
import { HaganeError } from '@hagane/contract'
import { layout } from '../layout.ts'
import { stepVariable } from '../step-variable.ts'
import { containerName, type Mount, runArguments, type StepContainer } from './container-arguments.ts'

/**
 * The container's first process: `/bin/sh` with the log, the variables, a file for "it began", and the command. What the
 * command prints goes straight into the step's log, so nobody has to stand by and carry it there. The variables hold secrets
 * and are emptied once they are read.
 */
const inside = `exec >>"$1" 2>&1
: >"$3"
. "$2"
: >"$2"
if command -v bash >/dev/null 2>&1; then exec bash -c -- "$4"; else exec /bin/sh -c "$4"; fi`

interface Launch {
  container: StepContainer
  folder: string
  mounts: readonly Mount[]
  /** Everything the command gets beside what its image sets. */
  variables: Readonly<Record<string, string>>
  /** Folders before the image's own PATH. */
  path: readonly string[]
  command: string
}

/**
 * Writes the variables (mode 600) and returns the shell text that stands where the command would: it runs the container and
 * ends with the command's code. A client of the engine that was killed is waited for at the engine itself.
 */
export function containerLauncher(launch: Launch): string {
  const { container, folder, mounts, command } = launch
  const places = layout(folder)
  writeFileSync(places.variables, variablesText(launch), { mode: 0o600 })
  const engine = quoted(container.engine)
  const name = containerName(folder)
  const run = runArguments({
    container,
    folder,
    workingDirectory: places.work,
    mounts: [{ source: folder, target: folder, readOnly: false }, ...mounts],
    user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    command: ['-c', inside, 'hagane-step', places.log, places.variables, places.contained, command],
  })
  return `trap : HUP INT QUIT TERM
unset BASH_ENV
( unset ${stepVariable}; exec ${engine} ${run.map(quoted).join(' ')} </dev/null >/dev/null 2>${quoted(places.engineWords)} )
hagane_code=$?
if [ ! -e ${quoted(places.stop)} ] && [ "$(${engine} inspect --format '{{.State.Running}}' ${name} 2>/dev/null)" = true ]; then
  hagane_code=$(${engine} wait ${name})
fi
[ -e ${quoted(places.contained)} ] || cat ${quoted(places.engineWords)}
rm -f ${quoted(places.variables)}
exit "\${hagane_code:-1}"`
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Shell text that exports the variables. Throws invalid on a name that no shell can export. */
function variablesText({ variables, path }: Launch): string {
  const lines = Object.entries(variables).map(([name, value]) => {
    if (!NAME.test(name))
      throw new HaganeError('invalid', `environment_variables: ${JSON.stringify(name)} cannot be set in a container`, {
        hint: 'use a name of letters, digits and _ that does not begin with a digit',
        details: [{ property: `environment_variables.${name}`, message: 'not a name that a shell can export' }],
      })
    return `export ${name}=${quoted(value)}`
  })
  // the image's own settings follow those of the step, so PATH is the only one that is put together
  const before = path.length === 0 ? '' : `${path.map(quoted).join(':')}:`
  return `${lines.join('\n')}\nexport PATH=${before}"\${PATH:-/usr/local/bin:/usr/bin:/bin}"\n`
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

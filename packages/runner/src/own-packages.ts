import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BasePython } from './base-python.ts'

const LARGEST_SCRIPT = 64 * 1024

/**
 * Lays a private, writable virtual environment over a base: packages installed by the command go into it and win, those
 * of the base stay visible and untouched. Written by hand (PEP 405, `site` and .pth files) since `python -m venv` takes
 * seconds and this a few milliseconds.
 */
export function makeOwnPackages(target: string, base: BasePython): void {
  const bin = join(target, 'bin')
  const site = join(target, 'lib', `python${base.version}`, 'site-packages')
  mkdirSync(bin, { recursive: true })
  mkdirSync(site, { recursive: true })
  const system = base.sitePackages === undefined || base.seesSystemPackages
  writeFileSync(
    join(target, 'pyvenv.cfg'),
    `home = ${dirname(base.executable)}\ninclude-system-site-packages = ${system}\nversion = ${base.version}\n`,
  )
  symlinkSync(base.executable, join(bin, 'python'))
  for (const name of ['python3', `python${base.version}`]) symlinkSync('python', join(bin, name))
  const lines = [
    ...(base.sitePackages === undefined ? [] : [`site.addsitedir(${ascii(base.sitePackages)})`]),
    ...(base.pipWheel === undefined ? [] : [`sys.path.append(${ascii(base.pipWheel)})`]),
  ]
  if (lines.length > 0) writeFileSync(join(site, 'base.pth'), `import site, sys; ${lines.join('; ')}\n`)
  for (const name of ['pip', 'pip3'])
    writeScript(join(bin, name), `exec ${shellQuoted(join(bin, 'python'))} -m pip "$@"\n`)
  if (!/^\/usr(\/local)?$/.test(base.prefix)) adoptScripts(base.prefix, bin)
}

/** A Python string literal in ASCII: .pth files are read in the locale's encoding before Python 3.13. */
const ascii = (text: string): string =>
  JSON.stringify(text).replace(/[^\x20-\x7e]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

function writeScript(path: string, body: string): void {
  writeFileSync(path, `#!/bin/sh\n${body}`, { mode: 0o755 })
}

/** Console scripts of the base (mlflow, jupyter, …) again, started by the private Python so that they see its packages. */
function adoptScripts(prefix: string, bin: string): void {
  const from = join(prefix, 'bin')
  for (const name of readdirSync(from)) {
    if (/^(python|pip|activate)/i.test(name)) continue
    const info = lstatSync(join(from, name))
    if (!info.isFile() || info.size > LARGEST_SCRIPT) continue
    const body = pythonBody(readFileSync(join(from, name), 'latin1'), join(from, 'python'))
    if (body === undefined) continue
    const start = `#!/bin/sh\n'''exec' "${join(bin, 'python')}" "$0" "$@"\n' '''\n`
    writeFileSync(join(bin, name), start + body, 'latin1')
    chmodSync(join(bin, name), 0o755)
  }
}

/** What follows the first line(s) that start the interpreter, for a script of exactly that interpreter. */
function pythonBody(script: string, python: string): string | undefined {
  if (script.startsWith(`#!${python}`)) return script.slice(script.indexOf('\n') + 1)
  const polyglot = /^#!\/bin\/sh\n'''exec' "?([^"\n]*?)"? "\$0" "\$@"\n' '''\n/.exec(script)
  return polyglot?.[1]?.startsWith(python) ? script.slice(polyglot[0].length) : undefined
}

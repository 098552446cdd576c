import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Hagane } from './hagane.ts'
import { bin } from './hagane.ts'
import { furtherScripts, monitoring, type OnlineScript, onlineScripts } from './online-scripts.ts'
import type { Told } from './run-manifest.ts'

const SCRIPT_SECONDS = 1200

/** Azure's own addresses that scripts call to clean up; there is nothing to clean up, and no way there. */
const standIn = `case "$*" in
  *https://ml.azure.com/*|*https://management.azure.com/*) exit 0 ;;
esac
exec `

/** Runs the scripts of online endpoints, in a copy of their folder since some write into it, each once. */
export class OnlineRuns {
  readonly #hagane: Hagane
  readonly #cli: string
  readonly #done = new Map<string, Promise<{ code: number | null; output: string }>>()
  #folder: Promise<string> | undefined

  constructor(hagane: Hagane, cli: string) {
    this.#hagane = hagane
    this.#cli = cli
  }

  /** Deploys and calls what a deployment file describes; `Answered` when every script of it ended well and said what it must. */
  async run(path: string): Promise<Told> {
    const scripts = [onlineScripts[path], furtherScripts[path]].filter(one => one !== undefined)
    if (scripts.length === 0) return { result: 'Missing', said: 'no script in online-scripts.ts deploys this file' }
    for (const script of scripts) {
      const told = await this.#one(script)
      if (told.result !== 'Answered') return told
    }
    return { result: 'Answered', said: '' }
  }

  async #one({ script, says }: OnlineScript): Promise<Told> {
    const key = typeof script === 'string' ? script : script.commands
    let running = this.#done.get(key)
    if (running === undefined) {
      running = this.#bash(typeof script === 'string' ? [script] : ['-c', script.commands])
      this.#done.set(key, running)
    }
    const { code, output } = await running
    if (code === null) return { result: 'Timeout', said: output.slice(-500) }
    if (code !== 0) return { result: 'Failed', said: output.slice(-2000) }
    const missing = says.find(pattern => !pattern.test(output))
    if (missing === undefined) return { result: 'Answered', said: '' }
    return { result: 'Wrong answer', said: `nothing like ${missing} in the output:\n${output.slice(-500)}` }
  }

  async #bash(words: string[]): Promise<{ code: number | null; output: string }> {
    this.#folder ??= this.#prepare()
    const folder = await this.#folder
    const env = {
      ...this.#hagane.env,
      PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
      XDG_CONFIG_HOME: join(folder, 'config'),
    }
    const child = spawn('bash', words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += String(chunk)))
    let late = false
    const timer = setTimeout(() => {
      late = true
      process.kill(-(child.pid as number), 'SIGTERM')
    }, SCRIPT_SECONDS * 1000)
    const [code] = (await once(child, 'close')) as [number | null]
    clearTimeout(timer)
    return { code: late ? null : (code ?? 1), output }
  }

  /** The scripts and what they read, with `az` and `curl` as programs in front of those of the machine. */
  async #prepare(): Promise<string> {
    const folder = join(this.#hagane.dataDir, 'conformance', 'online')
    await mkdir(join(folder, 'bin'), { recursive: true })
    for (const read of ['endpoints/online', monitoring])
      if (existsSync(join(this.#cli, read))) await cp(join(this.#cli, read), join(folder, read), { recursive: true })
    for (const name of await readdir(this.#cli))
      if (/^deploy-.*\.sh$/.test(name)) await cp(join(this.#cli, name), join(folder, name))
    const curl = `PATH="\${PATH#*${delimiter}}" curl "$@"`
    const programs = {
      az: `exec '${process.execPath}' '${bin}' az "$@"\n`,
      curl: `${standIn}env ${curl}\n`,
    }
    for (const [name, text] of Object.entries(programs))
      await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${text}`, { mode: 0o755 })
    return folder
  }
}

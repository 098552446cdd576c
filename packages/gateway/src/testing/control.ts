import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { GatewayReport, GatewayTable } from '@hagane/contract'

/** A control plane of two routes in a process of its own, so that it can be killed as the real one can. */
export async function controlProcess(table: GatewayTable, port = 0) {
  const script = join(import.meta.dirname, 'control-process.ts')
  const child = spawn(process.execPath, [script, String(port)], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(table))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const url = `http://127.0.0.1:${line.toString().trim()}`
  return {
    url,
    port: Number(line.toString()),
    reports: async (): Promise<GatewayReport[]> => (await (await fetch(`${url}/reports`)).json()) as GatewayReport[],
    kill: async (): Promise<void> => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

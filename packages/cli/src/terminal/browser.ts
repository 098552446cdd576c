import { spawn } from 'node:child_process'

const openers: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
  linux: ['xdg-open'],
}

/** Opens an http(s) address in the browser of this machine, if there is one; answers whether it was tried. */
export function openBrowser(url: string): boolean {
  const opener = openers[process.platform]
  if (opener === undefined || !/^https?:\/\//.test(url)) return false
  const [command, ...args] = opener
  const child = spawn(command, [...args, url], { detached: true, stdio: 'ignore' })
  child.on('error', () => undefined) // no such program: the address was printed, too
  child.unref()
  return true
}

import { spawn } from 'node:child_process'

const LONGEST_ANSWER = 64 * 1024

export interface EngineAnswer {
  /** 127 when the program cannot be started. */
  code: number
  stdout: string
  /** The end of what the engine said. */
  words: string
}

/** Asks a container engine something short, without a shell. Never rejects; an abort ends the question. */
export function askEngine(
  program: string,
  question: readonly string[],
  environment: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<EngineAnswer> {
  return new Promise(resolve => {
    const child = spawn(program, question, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let words = ''
    child.stdout.on('data', (chunk: Buffer) => {
      if (stdout.length < LONGEST_ANSWER) stdout += chunk.toString('utf8')
    })
    child.stderr.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString('utf8')).slice(-LONGEST_ANSWER)
    })
    const end = () => child.kill('SIGKILL')
    signal?.addEventListener('abort', end, { once: true })
    child.on('error', error => resolve({ code: 127, stdout: '', words: error.message }))
    child.on('close', code => {
      signal?.removeEventListener('abort', end)
      resolve({ code: code ?? 1, stdout, words: words.trim() })
    })
  })
}

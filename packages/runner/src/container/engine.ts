import { spawn } from 'node:child_process'

const LONGEST_ANSWER = 64 * 1024

export interface EngineAnswer {
  /** 127 when the program cannot be started, or the question was given up. */
  code: number
  stdout: string
  /** The end of what the engine said. */
  words: string
}

/** Asks a container engine something, without a shell. Never rejects; an abort, also one before, ends the question. */
export function askEngine(
  program: string,
  question: readonly string[],
  environment: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<EngineAnswer> {
  return new Promise(resolve => {
    const child = spawn(program, question, {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      killSignal: 'SIGKILL',
      ...(signal === undefined ? {} : { signal }),
    })
    let stdout = ''
    let words = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < LONGEST_ANSWER) stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-LONGEST_ANSWER)
    })
    child.on('error', error => resolve({ code: 127, stdout: '', words: error.message }))
    child.on('close', code => resolve({ code: code ?? 1, stdout, words: words.trim() }))
  })
}

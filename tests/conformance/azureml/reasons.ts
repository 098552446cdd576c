import type { Outcome } from './run-manifest.ts'

/** Endings that no system outside Azure and the internet could better; matched against what the command line said. */
const external: readonly [pattern: RegExp, reason: string][] = [
  [/(Rscript|julia|java|mvn): command not found/, 'needs a program of its image that this machine does not have'],
  [
    /creating build container: .*(no such host|did not resolve|connection refused|i\/o timeout|no unqualified-search)/,
    'the image that it builds on comes from a registry that cannot be reached',
  ],
  [
    /Name or service not known|Temporary failure in name resolution/,
    'the program itself opens an address on the internet',
  ],
  [
    /saved sklearn model references untrusted types/,
    'it asks for no version of mlflow, and the newest does not save the model that it trains',
  ],
  [
    /cannot import name 'infer_and_parse_json_input' from 'mlflow\.pyfunc\.scoring_server'/,
    'its script imports a function that the mlflow of its own environment no longer has',
  ],
  [
    /column 'thal', row 0: expected string, found integer/,
    'its sample request sends a number where the signature of its own model says string',
  ],
  [
    /module 'mlflow.pyfunc' has no attribute 'load'/,
    'the scoring script of the example calls mlflow.pyfunc.load, which MLflow does not have',
  ],
  [/installs no Python packages|no Python packages/, 'the image is no Python: its Dockerfile would have to be built'],
]

export interface Verdict {
  readonly ok: boolean
  /** Why it did not complete, when the reason is not Hagane's. */
  readonly external: string | undefined
  /** What to print: the external reason, or the line that says what went wrong. */
  readonly reason: string
}

/** Whether an outcome is what it should be, and whose fault it is when it is not. */
export function judge(outcome: Outcome): Verdict {
  if (['Completed', 'Registered', 'Answered'].includes(outcome.result))
    return { ok: true, external: undefined, reason: '' }
  const known = external.find(([pattern]) => pattern.test(outcome.said))?.[1]
  return { ok: false, external: known, reason: known ?? tellingLine(outcome.said) }
}

/** The line of a log that says most: the last error, else the last line. */
function tellingLine(said: string): string {
  const lines = said.split('\n').filter(line => line.trim() !== '' && !/^\s*(whole log|request id|hint):/.test(line))
  const telling = lines.filter(line => /error|exception|refused|not found|No module/i.test(line))
  return (telling.at(-1) ?? lines.at(-1) ?? 'no message').trim().slice(0, 300)
}

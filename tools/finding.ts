/** One broken rule: where, what, and what to do about it. */
export interface Finding {
  readonly file: string
  readonly line?: number | undefined
  readonly problem: string
  readonly fix: string
}

const place = ({ file, line }: Finding): string => (line === undefined ? file : `${file}:${line}`)

/** Findings with the same fix share one line of advice, so that fifty of a kind stay readable. */
export function formatFindings(findings: readonly Finding[]): string {
  const byFix = Map.groupBy(findings, finding => finding.fix)
  return [...byFix]
    .map(([fix, same]) => [...same.map(one => `${place(one)}  ${one.problem}`), `  fix: ${fix}`].join('\n'))
    .join('\n')
}

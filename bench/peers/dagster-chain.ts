/** A Dagster job of `steps` ops in a row that do nothing, run in one process. */
export const dagsterChain = (steps: number): string => `from dagster import job, op


${Array.from({ length: steps }, (_, i) => `@op\ndef s${i}(${i === 0 ? '' : 'before'}):\n    return 1\n`).join('\n\n')}

@job
def chain():
${Array.from({ length: steps }, (_, i) => `    v${i} = s${i}(${i === 0 ? '' : `v${i - 1}`})`).join('\n')}
`

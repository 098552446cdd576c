/** An Azure ML pipeline of `steps` steps in a row; each runs `true` and hands an empty folder on. */
export function haganeChain(steps: number): string {
  const nodes = Array.from({ length: steps }, (_, index) => {
    const input = index === 0 ? '' : `\n    inputs:\n      before: \${{parent.jobs.s${index - 1}.outputs.after}}`
    return `  s${index}:\n    type: command\n    command: "true"${input}\n    outputs:\n      after:\n        type: uri_folder`
  })
  return `type: pipeline\nexperiment_name: bench\njobs:\n${nodes.join('\n')}\n`
}

/** An Azure ML pipeline of `steps` steps beside each other, each different from the others. */
export function haganeFan(steps: number): string {
  const nodes = Array.from(
    { length: steps },
    (_, index) =>
      `  s${index}:\n    type: command\n    command: "true"\n    environment_variables:\n      N: "${index}"\n    outputs:\n      after:\n        type: uri_folder`,
  )
  return `type: pipeline\nexperiment_name: bench\njobs:\n${nodes.join('\n')}\n`
}

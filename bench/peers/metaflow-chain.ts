/** A Metaflow flow of `steps` steps in a row that do nothing; Metaflow starts a process for each. */
export function metaflowChain(steps: number): string {
  const names = ['start', ...Array.from({ length: steps - 2 }, (_, index) => `s${index}`), 'end']
  const bodies = names.map((name, index) => {
    const next = names[index + 1]
    return `    @step\n    def ${name}(self):\n        ${next === undefined ? 'pass' : `self.next(self.${next})`}\n`
  })
  return `from metaflow import FlowSpec, step\n\n\nclass Chain(FlowSpec):\n${bodies.join('\n')}\n\nif __name__ == "__main__":\n    Chain()\n`
}

import { didYouMean, type ParallelComponentSpec, type ParallelNode, wholeExpression } from '@hagane/contract'
import { checkExpressions, keysOf } from './command-check.ts'
import type { Loading } from './loading.ts'
import { type Cursor, mapAt } from './tree.ts'

type Parallel = Pick<ParallelNode | ParallelComponentSpec, 'inputs' | 'outputs' | 'input_data' | 'task'>

function checkOne(
  loading: Loading,
  cursor: Cursor,
  key: string,
  text: string | undefined,
  scope: 'input' | 'output',
  names: readonly string[],
): void {
  if (text === undefined) return
  const expression = wholeExpression(text)
  if (expression?.scope === scope && names.includes(expression.name)) return
  const meant = expression === undefined ? '' : didYouMean(expression.name, names)
  loading.wrong(cursor, key, `'${text}' names no ${scope} of this step${meant}`, {
    sent: text,
    allowed: names.map(name => `\${{${scope}s.${name}}}`),
    hint: `write \${{${scope}s.<name>}}`,
  })
}

/** What a parallel step names exists: its input, the output that rows go to, and what its arguments say. */
export function checkParallel(loading: Loading, cursor: Cursor, spec: Parallel): void {
  checkOne(loading, cursor, 'input_data', spec.input_data, 'input', keysOf(spec.inputs))
  const task = mapAt(cursor, 'task')
  if (task === undefined || spec.task === undefined) return
  checkOne(loading, task, 'append_row_to', spec.task.append_row_to, 'output', keysOf(spec.outputs))
  checkExpressions(loading, task, 'program_arguments', spec.task.program_arguments, spec)
  if (spec.input_data !== undefined) return
  loading.wrong(cursor, 'input_data', "missing required property 'input_data'", {
    allowed: keysOf(spec.inputs).map(name => `\${{inputs.${name}}}`),
    hint: 'name the input that is cut into mini-batches',
  })
}

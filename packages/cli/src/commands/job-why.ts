import { type JobWhy, jobWhyRoutes } from '@hagane/contract'
import { text } from '../grammar/flags.ts'
import { verb } from '../invocation.ts'
import type { Column } from '../output/table.ts'
import { changeText, decisionText, drawWhy } from '../output/why-tree.ts'
import { namedJob } from './job-flags.ts'

const columns: readonly Column<JobWhy>[] = [
  ['Step', why => why.step ?? why.job],
  ['Decision', why => decisionText(why)],
  ['Changed', why => why.changes.map(changeText).join('; ')],
  ['Job', why => why.job],
]

export const why = verb({
  name: 'why',
  summary: 'Say why each step ran or was reused, and which part of its reuse key changed',
  description:
    'A step that ran is compared with the earlier completed run of the same step that is most like it: lines of code, versions of packages, values of parameters, data and the step that made them.',
  examples: ['hagane job why brave_iron_12', 'hagane job why brave_iron_12 -o json --query "steps[].reason"'],
  argument: { spelling: '[job]', summary: 'name of a pipeline, a step or a single job' },
  flags: { name: text('-n, --name <name>', 'the same as a flag') },
  run: async (call, options) => {
    const name = namedJob(call, options.name, 'why')
    const answer = await call.client.call(jobWhyRoutes.why, { params: { name } })
    const { stdout } = call.surroundings
    if (stdout.isTTY === true && !call.likeAz && !call.resultIsWanted) stdout.write(drawWhy(answer))
    else if (call.globals.output === 'table' && call.globals.query === undefined)
      await call.print(leavesOf(answer), columns)
    else await call.print(answer)
  },
})

/** The steps themselves, however deep they lie; nested ones by their whole path. */
function leavesOf(why: JobWhy, path: readonly string[] = []): JobWhy[] {
  return why.steps === undefined
    ? [{ ...why, step: [...path, why.step ?? why.job].join('/') }]
    : why.steps.flatMap(step => leavesOf(step, why.step === undefined || path.length > 0 ? path : [...path, why.step]))
}

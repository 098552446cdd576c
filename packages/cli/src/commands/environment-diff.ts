import { type EnvironmentDiff, environmentRoutes, parseAssetReference } from '@hagane/contract'
import { UsageError } from '../grammar/usage-error.ts'
import { verb } from '../invocation.ts'
import { type Difference, differenceColumns } from '../output/differences.ts'

const example = 'hagane environment diff sklearn:1 sklearn:2'

export const diff = verb({
  name: 'diff',
  summary: 'What changed between two versions of an environment: definition, Python and packages',
  examples: [example, 'hagane environment diff sklearn:1 sklearn@latest -o table'],
  argument: { spelling: '<environments...>', summary: 'two of: <name>:<version>, <name>@<label>' },
  flags: {},
  run: async call => {
    const [before, after, more] = call.args
    if (before === undefined || after === undefined || more !== undefined)
      throw new UsageError('environment diff needs two environments', example)
    const found = await call.client.call(environmentRoutes.diff, { params: named(before), query: named(after) })
    if (found.lock === undefined)
      call.note('one of them was not locked yet: `hagane environment lock -n <name> -v <version>` locks it')
    if (call.globals.output === 'table' || (!call.resultIsWanted && call.surroundings.stdout.isTTY === true))
      await call.print(differences(found), differenceColumns)
    else await call.print(found)
  },
})

function named(text: string): { name: string; version: string } {
  const parsed = parseAssetReference(text)
  if (parsed === undefined) throw new UsageError(`'${text}' is not an environment`, example)
  const { name, version, label } = parsed
  return { name, version: version ?? `@${label ?? 'latest'}` }
}

function differences({ definition, lock }: EnvironmentDiff): Difference[] {
  const row = (what: string, name: string, { before, after }: { before?: unknown; after?: unknown }) => ({
    what,
    name,
    before: before ?? '',
    after: after ?? '',
  })
  return [
    ...definition.map(change => row('definition', change.property, change)),
    ...(lock?.image === undefined ? [] : [row('image', '', lock.image)]),
    ...(lock?.python === undefined ? [] : [row('python', '', lock.python)]),
    ...(lock?.platform === undefined ? [] : [row('platform', '', lock.platform)]),
    ...(lock?.packages ?? []).map(change => row('package', change.name, change)),
    ...(lock?.rebuilt ?? []).map(name => row('other files, same version', name, {})),
  ]
}

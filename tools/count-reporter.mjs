/**
 * A reporter for vitest that only counts, into the file that tools/test.mjs names. What is not a test but failed counts
 * as one failure each: a file that does not load, a hook that broke, an error outside of any test.
 */
import { writeFileSync } from 'node:fs'

const statesOf = module => [...module.children.allTests()].map(test => test.result().state)

const flakyOf = module =>
  [...module.children.allTests()]
    .filter(test => test.diagnostic()?.flaky)
    .map(test => `${module.relativeModuleId}: ${test.fullName}`)

/** A module that failed although none of its tests did. */
const failedAround = module => module.state() === 'failed' && !statesOf(module).includes('failed')

export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const states = modules.flatMap(statesOf)
    const count = state => states.filter(one => one === state).length
    const failed = count('failed') + modules.filter(failedAround).length + unhandledErrors.length
    const result = {
      passed: count('passed'),
      failed,
      skipped: count('skipped') + count('pending'),
      flaky: modules.flatMap(flakyOf),
    }
    writeFileSync(process.env.HAGANE_TEST_COUNTS, JSON.stringify(result))
  }
}

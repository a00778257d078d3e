import { afterAll, beforeEach, type RunnerTestSuite } from 'vitest'

// Each test carries the runtime it really ran on into the JSON report, where it is compared with the declared one.
const { bun, node } = process.versions
const runtime = bun === undefined ? `node ${node}` : `bun ${bun}`

beforeEach(({ task, onTestFailed }) => {
  Object.assign(task.meta, { runtime })
  // The report has the message of a failed assertion but not what was expected and what was there.
  onTestFailed(() => {
    Object.assign(task.meta, { diffs: task.result?.errors?.flatMap(({ diff }) => diff ?? []) })
  })
})

// The report has what failed in a file, and not what failed in the hooks of its suites.
// biome-ignore lint/correctness/noEmptyPattern: vitest wants the names of fixtures here, and none is used.
afterAll(({}, file) => {
  const errors = suitesIn(file).flatMap((suite) => suite.result?.errors ?? [])
  if (errors.length > 0) throw new Error(errors.map(({ stack, message }) => stack ?? message).join('\n'))
})

function suitesIn(suite: RunnerTestSuite): RunnerTestSuite[] {
  return suite.tasks.flatMap((task) => (task.type === 'suite' ? [task, ...suitesIn(task)] : []))
}

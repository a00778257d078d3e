import { afterAll, beforeEach, type RunnerTestSuite } from 'vitest'

// Each test reports the runtime on which it ran. The runner compares it with the declared one.
const { bun, node } = process.versions
const runtime = bun === undefined ? `node ${node}` : `bun ${bun}`

beforeEach(({ task, onTestFailed }) => {
  Object.assign(task.meta, { runtime })
  // The report has the message of a failed assertion but not the expected and actual values.
  onTestFailed(() => {
    Object.assign(task.meta, { diffs: task.result?.errors?.flatMap(({ diff }) => diff ?? []) })
  })
})

// The report has what failed in a file, but not failures in the hooks of its suites.
// biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from this parameter; none is used.
afterAll(({}, file) => {
  const errors = suitesIn(file).flatMap((suite) => suite.result?.errors ?? [])
  if (errors.length > 0) throw new Error(errors.map(({ stack, message }) => stack ?? message).join('\n'))
})

function suitesIn(suite: RunnerTestSuite): RunnerTestSuite[] {
  return suite.tasks.flatMap((task) => (task.type === 'suite' ? [task, ...suitesIn(task)] : []))
}

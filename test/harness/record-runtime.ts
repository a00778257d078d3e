import { beforeEach } from 'vitest'

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

import { beforeEach } from 'vitest'

// Each test carries the runtime it really ran on into the JSON report, where it is compared with the declared one.
const { bun, node } = process.versions
const runtime = bun === undefined ? `node ${node}` : `bun ${bun}`

beforeEach(({ task }) => {
  Object.assign(task.meta, { runtime })
})

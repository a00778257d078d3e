import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { relative, sep } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { allowedCores, keepTo } from '../../scripts/test-run/cores.mjs'
import { root } from '../../scripts/workspace.mjs'
import { onOneCore } from '../matrix.mjs'

// The runner assigns a core to each file whose tests start neither a thread nor a process. Moving between cores, and waking the
// runtime's helper threads on other cores, took an eighth of the time of such files.
const core = process.env.TEST_CORE
const all = allowedCores()

// Node publishes the start of each thread and process on these channels, except of synchronous processes. Bun publishes none.
const STARTS = ['child_process', 'worker_threads']

let started: unknown[] = []
const notice = (message: unknown): void => void started.push(message)
let kept = false

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from this parameter; none is used.
beforeAll(({}, { file }) => {
  kept = onOneCore.includes(relative(root, file.filepath).replaceAll(sep, '/'))
  if (!kept) return
  keep([Number(core)])
  for (const channel of STARTS) subscribe(channel, notice)
})

afterAll(() => {
  if (!kept) return
  for (const channel of STARTS) unsubscribe(channel, notice)
  keep(all)
  const count = started.length
  started = []
  if (count > 0) throw new Error(`is in onOneCore of test/matrix.mjs and started ${count} threads or processes`)
})

function keep(cores: readonly number[]): void {
  if (core !== undefined && !keepTo(cores)) throw new Error(`cannot be kept to ${cores}`)
}

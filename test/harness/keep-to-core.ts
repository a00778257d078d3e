import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { relative, sep } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { allowedCores, keepTo } from '../../scripts/test-run/cores.mjs'
import { root } from '../../scripts/workspace.mjs'
import { onOneCore } from '../matrix.mjs'

// A file whose tests start neither a thread nor a process runs on the core that the runner names: what moves between cores, and
// wakes helper threads of the runtime on another, took an eighth of the time of such files.
const core = process.env.TEST_CORE
const all = allowedCores()

// The channels by which Node tells of each thread and process, but of none that the caller stands still for. Bun tells of none.
const STARTS = ['child_process', 'worker_threads']

let started: unknown[] = []
const notice = (message: unknown): void => void started.push(message)
let kept = false

// biome-ignore lint/correctness/noEmptyPattern: vitest wants the names of fixtures here, and none is used.
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

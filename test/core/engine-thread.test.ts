import { EventEmitter } from 'node:events'
import { afterEach, expect, test, vi } from 'vitest'
import { EngineThread } from '../../packages/shared/src/dialects/sqlite/thread/engine-thread.js'

const order = { engine: 'node:sqlite', job: 'engine', input: {} }

class Thread extends EventEmitter {
  postMessage = () => undefined
  ref = () => undefined
  unref = () => undefined
}

const { execArgv } = process
afterEach(() => {
  process.execArgv = execArgv
})

test('messages of a thread that are not of its job are ignored', async () => {
  const worker = new Thread()
  const onEvent = vi.fn()
  const { result } = new EngineThread(() => worker, order, onEvent)
  // `node --watch` has it report the modules that it loads. Its module may be the app's, which may send anything.
  for (const sent of [{ 'watch:import': ['file:///app.mjs'] }, {}, 'ready', 1, null, undefined, []]) {
    worker.emit('message', sent)
  }
  worker.emit('message', { event: 1 })
  worker.emit('message', { stays: false, result: 'done' })
  expect(await result).toBe('done')
  expect(onEvent.mock.calls).toEqual([[1]])
  worker.emit('exit', 0)
})

test.each([
  [['--input-type=module', '-e', 'code'], { execArgv: [] }],
  [['--input-type', 'module', '-'], { execArgv: [] }],
  [['--import', './hooks.mjs'], {}],
])('a thread of a process with %j inherits no flag that Node refuses for it', async (flags, expected) => {
  process.execArgv = flags
  const worker = new Thread()
  const start = vi.fn(() => worker)
  new EngineThread(start, order)
  expect(start.mock.calls).toEqual([[{ workerData: expect.anything(), ...expected }]])
  worker.emit('exit', 0)
})

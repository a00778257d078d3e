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
  vi.unstubAllEnvs()
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
  [['--input-type=module', '-e', 'code'], '', ''],
  [['--input-type', 'module', '-'], '--no-warnings', '--no-warnings'],
  [['-e', 'code'], '--no-warnings --input-type=module', '--no-warnings '],
  [['-e', 'code'], '"--input-type=module" --no-warnings --input-type="module"', ' --no-warnings '],
  [['--import', './hooks.mjs'], '--no-warnings', undefined],
])(
  'a thread of a process with %j and NODE_OPTIONS=%j inherits no flag that Node refuses for it',
  async (flags, options, left) => {
    process.execArgv = flags
    vi.stubEnv('NODE_OPTIONS', options)
    const worker = new Thread()
    const start = vi.fn(() => worker)
    new EngineThread(start, order)
    const changed = { execArgv: [], env: expect.objectContaining({ PATH: process.env.PATH, NODE_OPTIONS: left }) }
    expect(start.mock.calls).toEqual([[{ workerData: expect.anything(), ...(left !== undefined && changed) }]])
    worker.emit('exit', 0)
  },
)

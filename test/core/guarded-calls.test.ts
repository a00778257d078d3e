import { ManualClock } from '@go-go-scope/persistence-conformance'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, expect, test } from 'vitest'
import type { DiagnosticEvent } from '../../packages/shared/src/index.js'
import { CircuitOpenError, SqliteAdapter } from '../../packages/shared/src/index.js'
import { connectRemote, serve } from '../../packages/shared/src/remote.js'
import { databaseSyncDriver } from './database-sync-driver.js'

const down = new Error('the service is down')
const fail = () => Promise.reject(down)
const ok = async () => 'ok'

const adapters: SqliteAdapter[] = []

function opened() {
  const clock = new ManualClock()
  const events: DiagnosticEvent[] = []
  const statements: string[] = []
  const handle = new DatabaseSync(':memory:')
  const driver = databaseSyncDriver(handle, (sql) => {
    statements.push(sql)
    if (statements.length > 1_000) throw new Error('a call asks without end')
    return undefined
  })
  const adapter = new SqliteAdapter(handle, () => driver, {
    clock,
    onDiagnostic: (event) => events.push(event),
  })
  adapters.push(adapter)
  return { adapter, breaker: adapter.circuitBreaker, clock, events, statements }
}

afterEach(async () => {
  for (const adapter of adapters.splice(0)) await adapter.disconnect()
})

test('run returns the value of the call, or rejects with its very error', async () => {
  const { breaker } = opened()
  const value = { of: 'the call' }
  expect(await breaker.run('api', async () => value)).toBe(value)
  expect(await breaker.run('api', () => value)).toBe(value)
  expect(await breaker.getState('api'), 'a success of a closed circuit writes nothing').toBeNull()
  for (const error of [down, 'a text', undefined, Object.freeze({ status: 500 })]) {
    const [result] = await Promise.allSettled([breaker.run('api', () => Promise.reject(error))])
    expect(result.status === 'rejected' && result.reason === error).toBe(true)
  }
  expect((await breaker.getState('api'))?.failureCount).toBe(4)
})

test('without options, five failures open a circuit for 30 s, and one success closes it', async () => {
  const { breaker, clock } = opened()
  for (let call = 0; call < 5; call++) {
    expect((await breaker.getState('api'))?.state).not.toBe('open')
    await expect(breaker.run('api', fail)).rejects.toBe(down)
  }
  const refusal = await breaker.run('api', ok).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(CircuitOpenError)
  expect(refusal).toMatchObject({ code: 'CIRCUIT_OPEN', retryable: true, retryAt: clock.now() + 30_000 })
  clock.advance(30_000)
  expect(await breaker.run('api', ok, { resetTimeout: undefined, isFailure: undefined })).toBe('ok')
  expect((await breaker.getState('api'))?.state).toBe('closed')
})

test('run settles after its outcome is stored, also at a client', async () => {
  const { adapter, breaker, clock } = opened()
  await adapter.connect()
  const server = serve(adapter)
  const client = await connectRemote(server.createPort(), { clock })
  const heard: string[] = []
  breaker.subscribe('api', ({ state, failureCount }) => heard.push(`${state} ${failureCount}`))
  await client.circuitBreaker.run('api', fail).catch(() => undefined)
  expect(heard).toEqual(['closed 1'])
  await client.circuitBreaker.run('api', ok)
  expect(heard).toEqual(['closed 1', 'closed 0'])
  await breaker.isolate('api')
  await expect(client.circuitBreaker.run('api', ok)).rejects.toBeInstanceOf(CircuitOpenError)
  await client.disconnect()
  await server.close()
})

test('a probe that fails after its lease is not counted', async () => {
  const { breaker, clock } = opened()
  await breaker.run('api', fail, { maxFailures: 1, resetTimeout: 0 }).catch(() => undefined)
  const late = () => {
    clock.advance(300)
    return fail()
  }
  await expect(breaker.run('api', late, { resetTimeout: 0, lease: 300 })).rejects.toBe(down)
  expect((await breaker.getState('api'))?.state).toBe('half-open')
})

test('an isFailure that throws or rejects hides no error of the call, which counts', async () => {
  const { breaker, events } = opened()
  const broken = new Error('a broken isFailure')
  const throwing = () => {
    throw broken
  }
  for (const isFailure of [throwing, async () => throwing()] as never[])
    await expect(breaker.run('api', fail, { maxFailures: 2, isFailure })).rejects.toBe(down)
  expect((await breaker.getState('api'))?.state).toBe('open')
  const event = { type: 'listener-error', operation: 'circuitBreaker.run', error: broken }
  expect(events).toEqual([event, event])
})

test('a call that began before its circuit opened neither closes it nor counts', async () => {
  const { breaker } = opened()
  const slow = async () => {
    await breaker.run('api', fail, { maxFailures: 1 }).catch(() => undefined)
    return 'slow'
  }
  expect(await breaker.run('api', slow)).toBe('slow')
  await breaker.reset('api')
  const failing = () => slow().then(fail)
  await expect(breaker.run('api', failing)).rejects.toBe(down)
  expect(await breaker.getState('api')).toMatchObject({ state: 'open', failureCount: 1 })
})

test('an error of isFailure false counts nothing in a closed circuit', async () => {
  const { breaker, events } = opened()
  const asked: unknown[] = []
  const isFailure = (error: unknown) => {
    asked.push(error)
    return false
  }
  await expect(breaker.run('api', fail, { maxFailures: 1, isFailure })).rejects.toBe(down)
  expect(await breaker.getState('api')).toBeNull()
  expect([asked, events]).toEqual([[down], []])
})

test.each([
  [null, /options must be an object with resetTimeout, /],
  [{ timeout: 1 }, /no option "timeout"; .*options are resetTimeout, /],
  [{ resetTimeout: -1 }, /option resetTimeout must be a number of ms from 0, got -1/],
  [{ resetTimeout: Number.POSITIVE_INFINITY }, /option resetTimeout must be .* got Infinity/],
  [{ maxFailures: 0 }, /option maxFailures must be a number from 1, got 0/],
  [{ successThreshold: Number.NaN }, /option successThreshold must be a number from 1, got NaN/],
  [{ probes: 0 }, /option probes must be a number from 1, got 0/],
  [{ lease: 0 }, /option lease must be a positive number of ms, got 0/],
  [{ isFailure: true }, /option isFailure must be a function, got true/],
  [undefined, /call must be a function such as \(\) => fetch\(url\), got object/, Promise.resolve('ok')],
])('the options %j are refused by name, and nothing is called', async (options, message, call: unknown = fail) => {
  const { breaker } = opened()
  const refusal = breaker.run('api', call as typeof ok, options as never)
  await expect(refusal).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    operation: 'circuitBreaker.run',
    message: expect.stringMatching(message),
  })
  expect(await breaker.getState('api')).toBeNull()
})

test('a call finds the place of a probe taken at its first look, however long the lease of the probe', async () => {
  const { breaker, statements } = opened()
  const toRefuse = async (lease: number): Promise<number> => {
    await breaker.setState('api', { state: 'half-open', failureCount: 1 })
    expect((await breaker.admit('api', { resetTimeout: 0, lease })).admitted).toBe(true)
    statements.splice(0)
    expect((await breaker.admit('api', { resetTimeout: 0, lease })).admitted).toBe(false)
    return statements.length
  }
  for (const lease of [60_000, 10 ** 15, Number.MAX_SAFE_INTEGER, 10 ** 18, 10 ** 20, Number.MAX_VALUE])
    expect(await toRefuse(lease), String(lease)).toBe(1)
})

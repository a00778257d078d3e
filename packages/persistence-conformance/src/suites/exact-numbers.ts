import assert from 'node:assert/strict'
import { type EngineSuite, engineSuite } from '../suite.js'

/** Numbers next to whole numbers, which an engine may convert to integers, and the ends of the range. */
const NUMBERS: readonly number[] = [
  Number.MIN_VALUE,
  2 ** -1022,
  1e-300,
  1e-17,
  1e-16,
  2 ** -53,
  2 ** -52 - 2 ** -105,
  2 ** -52,
  1e-15,
  0.1,
  0.5,
  1 - 2 ** -53,
  1 + 2 ** -52,
  2 + 2 ** -51,
  123_456_789.000_000_01,
  2 ** 31 - 0.5,
  2 ** 53 - 1,
].flatMap((number) => [number, -number])

export const exactNumbers: EngineSuite = engineSuite('exact numbers', (check) => {
  check.inFile('parameters of fenced are the numbers that were given, however close to a whole one', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    const lock = await adapter.lock.acquire('job', 60_000)
    const sql = 'SELECT ?1 AS a, ?2 || ?3 AS texts, 0.5 * ?1 AS half, ?1 = ?4 AS same, ?4 AS b'
    for (const number of [...NUMBERS, 2 ** 60, 1e300, Number.MAX_VALUE / 4]) {
      const [rows] = await adapter.fenced(lock as never, [{ sql, parameters: [number, 'x', 'y', number] }])
      const expected = { a: number, texts: 'xy', half: 0.5 * number, same: 1, b: number }
      assert.deepEqual({ ...rows?.[0] }, expected, String(number))
    }
  })

  check('checkpoints and circuits keep their numbers', async (world) => {
    const adapter = await world.adapter()
    for (const number of NUMBERS) {
      const checkpoint = { id: 'c', taskId: 't', sequence: 1, timestamp: number, progress: number, data: 0 }
      await adapter.save({ ...checkpoint, estimatedTimeRemaining: number })
      assert.deepEqual(await adapter.loadLatest('t'), { ...checkpoint, estimatedTimeRemaining: number })
      const state = { state: 'open', failureCount: 1, lastFailureTime: number, lastSuccessTime: number } as const
      await adapter.circuitBreaker.setState('api', state)
      assert.deepEqual(await adapter.getState('api'), state)
    }
  })

  check('any count of failures is kept, and compared with any threshold', async (world) => {
    const adapter = await world.adapter()
    const count = 2 ** 52
    await adapter.circuitBreaker.setState('api', { state: 'closed', failureCount: count })
    for (const [threshold, state] of [
      [Number.POSITIVE_INFINITY, 'closed'],
      [2 ** 31, 'open'],
    ] as const) {
      await adapter.circuitBreaker.recordFailure('api', threshold)
      assert.equal((await adapter.getState('api'))?.state, state)
    }
    assert.equal((await adapter.getState('api'))?.failureCount, count + 2)
    const counted = await Promise.all([1, 2, 3].map(() => adapter.circuitBreaker.recordFailure('other', 2.5)))
    assert.deepEqual(counted, [1, 2, 3])
    assert.equal((await adapter.getState('other'))?.state, 'open')
  })

  check('the periods of a circuit are counted beyond 32 bits', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    await breaker.reset('api')
    await world.rows('UPDATE go_goscope_circuit SET generation = ?1', [2 ** 31 - 1])
    await breaker.recordFailure('api', 1)
    const admission = await breaker.admit('api', { resetTimeout: 0 })
    assert.equal(admission.admitted && admission.permit.generation, 2 ** 31)
    if (admission.admitted) assert.equal((await breaker.succeeded(admission.permit)).counted, true)
    assert.equal((await breaker.getState('api'))?.state, 'closed')
  })
})

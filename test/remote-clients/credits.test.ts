import { connectRemote } from '@go-go-scope/persistence-core/remote'
import { expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { checkCredits } from '../proof/remote/check-credits.js'
import { checkGathering } from '../proof/remote/check-gathering.js'
import { ENVELOPE, greeting, itemsOf } from '../proof/remote/raw-client.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'
import { worldOfCell } from '../proof/remote/served-world.js'

proveCell()

const served = serveForEachTest()
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
/** Waits until the engine has done what it was given in this turn, also an engine in its own thread. */
const nextTurnOfEngine = async () => {
  await nextTurn()
  await served.adapter.cache.get('none')
}
/** Returns the number of unanswered calls of the latest client. */
const left = () => served.server.clients().at(-1)?.calls

/** Waits for a condition, and fails after many turns instead of looping forever. */
async function until(what: string, is: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200_000 && !is(); turn++) await nextTurnOfEngine()
  expect(is(), what).toBe(true)
}

/** Waits until the owner begins no more calls, because the client's unread answers have reached the limit. */
async function untilNothingIsBegun(): Promise<void> {
  for (let before: number | undefined; before !== left(); ) {
    before = left()
    for (let turn = 0; turn < 20; turn++) await nextTurnOfEngine()
  }
}

test('an owner queues a bounded number of calls of a client, and the client sends no more than that', () =>
  checkCredits(worldOfCell))

test('writes of several clients that arrive in one turn share a commit', () => checkGathering(worldOfCell))

test('a client that floods the owner does not starve the others', async () => {
  const [flooding, other] = await Promise.all([connectRemote(served.port()), connectRemote(served.port())])
  const flood = Array.from({ length: 30_000 }, (_, n) => flooding.cache.set(`k${n % 100}`, n))
  let over = false
  void Promise.all(flood).then(() => {
    over = true
  })
  for (let n = 0; n < 5; n++) {
    await other.cache.get('k')
    for (const { calls } of served.server.clients()) expect(calls).toBeLessThanOrEqual(4_096)
  }
  expect(over, 'the others were served meanwhile').toBe(false)
  await Promise.all(flood)
  await Promise.all([flooding.disconnect(), other.disconnect()])
})

test('for a client that reads nothing the owner begins a bounded number of calls, and all of them when it reads again', async () => {
  /** Operations: a statement that runs once, a client's acknowledgement of a mark, and the mark; see protocol.ts. */
  const [QUERY, TAKEN, MARK] = [5, 24, 21]
  const calls = 4_000
  const raw = served.port()
  const said: unknown[][] = []
  raw.on('message', (message) => said.push(itemsOf(message)))
  raw.postMessage({ [ENVELOPE]: await greeting(served.port()) })
  await until('it is welcome', () => said.length > 0)
  const large = [QUERY, 'raw', "SELECT printf('%.*c', 10000, 'x') AS large", 0]
  raw.postMessage({ [ENVELOPE]: Array.from({ length: calls }, () => large).flat() })
  await until('all have come', () => left() === calls)
  await untilNothingIsBegun()
  // As many as may be begun and not be answered, the first of which say how long an answer is, and 4 MiB.
  expect(left()).toBeGreaterThanOrEqual(calls - 512 - (4 * 1024 * 1024) / 10_000)
  expect((await served.adapter.stats()).waiting, 'nor is it in the queue').toBe(0)
  // Other clients are served meanwhile.
  const other = await connectRemote(served.port())
  await other.cache.set('k', 1)
  await other.disconnect()

  let marks = 0
  await until('all are answered', () => {
    for (const message of said.splice(0)) {
      for (const item of message) if (item === MARK) marks++
    }
    for (; marks > 0; marks--) raw.postMessage({ [ENVELOPE]: [TAKEN] })
    return left() === 0
  })
  raw.close()
})

test('a client that reads nothing is sent a bounded number of changes of a circuit, and the last one when it reads again', async () => {
  /** Operations: a statement that runs once, following a circuit, a client's acknowledgement of a mark, and the mark; see protocol.ts. */
  const [QUERY, FOLLOW, TAKEN, MARK] = [5, 14, 24, 21]
  const { circuitBreaker } = served.adapter
  const raw = served.port()
  const said: unknown[] = []
  raw.on('message', (message) => said.push(...itemsOf(message)))
  raw.postMessage({ [ENVELOPE]: await greeting(served.port()) })
  await until('it is welcome', () => said.length > 0)
  const large = [QUERY, 'raw', "SELECT printf('%.*c', 67108864, 'x') AS large", 0]
  raw.postMessage({ [ENVELOPE]: [FOLLOW, 'circuit:k', ...large] })
  await until('it has more unread than any client that reads', () => said.includes(MARK))
  const counts = [100, 101, 102]
  for (const failureCount of counts) await circuitBreaker.setState('k', { state: 'open', failureCount })
  const sent = () => counts.filter((count) => said.includes(count))
  await nextTurnOfEngine()
  expect(sent()).toEqual([])

  raw.postMessage({ [ENVELOPE]: [TAKEN] })
  await until('it knows the last', () => sent().length > 0)
  expect(sent()).toEqual([102])
  raw.close()
})

test('of many gets of long values that arrive together the owner begins only as many as the window holds', async () => {
  /** Operations: a statement, its calls, a client's acknowledgement of a mark, and the mark; see protocol.ts. */
  const [DECLARE, CALL, TAKEN, MARK] = [2, 3, 24, 21]
  const [calls, length] = [4_000, 20_000]
  await served.adapter.cache.set('long', 'x'.repeat(length))
  const raw = served.port()
  const said: unknown[][] = []
  raw.on('message', (message) => said.push(itemsOf(message)))
  raw.postMessage({ [ENVELOPE]: await greeting(served.port()) })
  await until('it is welcome', () => said.length > 0)
  const sql = 'SELECT value FROM go_goscope_cache WHERE key = ?1'
  const many = 'SELECT e.key AS i, value FROM json_each(?1) e JOIN go_goscope_cache c ON c.key = e.value'
  const packed = `SELECT json_group_array(i) AS i, json_group_array(value) AS value FROM (${many})`
  const statement = [
    'cache.get',
    'read',
    'one',
    'none',
    sql,
    0,
    null,
    many,
    0,
    'index',
    '',
    0,
    null,
    packed,
    null,
    null,
  ]
  const names = Array.from({ length: calls }, () => 'cache:long')
  raw.postMessage({ [ENVELOPE]: [DECLARE, 0, ...statement, CALL, 0, 1, calls, ...names] })
  await until('all have come', () => left() === calls)
  await untilNothingIsBegun()
  const begun = calls - (left() ?? 0)
  expect(begun, 'nothing was known of their length').toBeGreaterThan(100)
  expect(begun).toBeLessThanOrEqual(512 + (4 * 1024 * 1024) / length)
  for (let marks = 0; left() !== 0; ) {
    const before = left() ?? 0
    const come = said.flat().filter((item) => item === MARK).length
    for (; marks < come; marks++) raw.postMessage({ [ENVELOPE]: [TAKEN] })
    await untilNothingIsBegun()
    expect(left(), 'more is begun for who reads').toBeLessThan(before)
    // The window of 4 MiB, the answers since the last mark, and one more.
    expect(before - (left() ?? 0)).toBeLessThanOrEqual((4 * 1024 * 1024) / length + 1)
  }
  raw.close()
})

test('long answers that are read piece by piece complete while more requests wait', async () => {
  const remote = await connectRemote(served.port())
  // Two pieces, because one ends at 1 MiB.
  const data = 'x'.repeat(600_000)
  for (const sequence of [1, 2, 3]) {
    const checkpoint = { id: `c${sequence}`, taskId: 'task', sequence, timestamp: 0, progress: 0, data }
    await served.adapter.checkpoint.save(checkpoint)
  }
  const found: number[] = []
  const lists = Array.from({ length: 20 }, () => remote.checkpoint.list('task').then((list) => found.push(list.length)))
  await until('all are answered', () => found.length === lists.length)
  expect(found).toEqual(lists.map(() => 3))
  await Promise.all(lists)
  await remote.disconnect()
})

/** The answers are 30 MB and 150 MB. An owner that closes sends 64 MiB more than it began while nothing was known of their length. */
test.each([
  ['all answers to a client that lags behind', 3_000, 10_000, 3_000],
  ['a bounded number of answers to a client that reads nothing, and refuses the rest', 1_500, 100_000, 512 + 672],
])('an owner that closes sends %s', async (_, calls, length, most) => {
  const raw = served.port()
  let [answered, refused] = [0, 0]
  const over = Promise.withResolvers<void>()
  raw.on('close', over.resolve).on('message', (message) => {
    for (const item of itemsOf(message)) {
      if (String(item).length === length) answered++
      else if (String(item).includes('"outcome":"none"')) refused++
    }
  })
  raw.postMessage({ [ENVELOPE]: await greeting(served.port()) })
  await until('it is welcome', () => left() === 0)
  const large = [5, 'raw', `SELECT printf('%.*c', ${length}, 'x') AS large`, 0]
  raw.postMessage({ [ENVELOPE]: Array.from({ length: calls }, () => large).flat() })
  await until('all have come', () => left() === calls)
  await untilNothingIsBegun()
  await served.server.close()
  expect(served.server.clients()).toEqual([])
  await over.promise
  expect(answered + refused).toBe(calls)
  expect(answered).toBeLessThanOrEqual(most)
  expect(refused === 0).toBe(most === calls)
})

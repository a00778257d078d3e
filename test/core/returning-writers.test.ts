import { beforeEach, describe, expect, test } from 'vitest'
import { Writer } from '../../packages/shared/src/remote/returning-writers.js'
import { ServedTurns } from '../../packages/shared/src/remote/served-turns.js'

let now: number
let timers: (() => void)[]
/** ms for which each timer was asked for. */
let delays: number[]
let turns: ServedTurns

/** A user of which only counts how much of what it says has been begun. */
class User {
  readonly writer = new Writer()
  #waiting = 0
  begun = 0

  constructor() {
    turns.enter(this as never)
  }

  get ready(): boolean {
    return this.#waiting > 0
  }

  get writing(): boolean {
    return this.writer.cameAt !== undefined
  }

  runNext(): void {
    this.#waiting--
    this.begun++
  }

  flush(): void {}

  say(what: 'write' | 'read'): void {
    turns.writers.spoke(this.writer, what === 'write')
    this.#waiting++
    turns.gather()
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

function begin(identity: string | undefined): void {
  now = 0
  timers = []
  delays = []
  commitMs = 10
  const clock = {
    monotonic: () => now,
    setTimer(callback: () => void, delay: number) {
      timers.push(callback)
      delays.push(delay)
      return () => {
        timers = timers.filter((timer) => timer !== callback)
      }
    },
  }
  // The app's, which stands still.
  const stopped = { monotonic: () => 0 }
  turns = new ServedTurns({ clock: stopped, place: { identity }, owner: undefined } as never, clock as never)
}

let commitMs = 10

/** All write, and have their answers after {@link commitMs}. */
async function commit(...users: User[]): Promise<void> {
  for (const user of users) user.say('write')
  await turn()
  now += commitMs
  for (const { writer } of users) turns.writers.answered(writer)
  now += 0.1
}

describe('users that write again and again', () => {
  let one: User
  let other: User

  beforeEach(async () => {
    begin('a file')
    one = new User()
    other = new User()
    for (let round = 0; round < 3; round++) await commit(one, other)
    expect([one.begun, other.begun]).toEqual([3, 3])
  })

  test('a write waits for those of users that are about to write, too', async () => {
    one.say('write')
    for (let n = 0; n < 3; n++) await turn()
    expect(one.begun).toBe(3)
    other.say('write')
    await turn()
    expect([one.begun, other.begun]).toEqual([4, 4])
    expect(timers).toEqual([])
  })

  test('it does not wait for long, nor again for the one that did not come', async () => {
    one.say('write')
    await turn()
    expect(timers.length).toBe(1)
    timers.pop()?.()
    await turn()
    expect(one.begun).toBe(4)
    turns.writers.answered(one.writer)
    await commit(one)
    expect([one.begun, timers.length]).toEqual([5, 0])
    await commit(one, other)
    await commit(one)
    expect([one.begun, other.begun]).toEqual([7, 4])
  })

  test('it does not wait for one that comes late, and tries again after some commits', async () => {
    one.say('write')
    await turn()
    now += 5
    other.say('write')
    await turn()
    now += 10
    for (const { writer } of [one, other]) turns.writers.answered(writer)
    one.say('write')
    await turn()
    expect([one.begun, other.begun]).toEqual([5, 4])
    other.say('write')
    await turn()
    now += 10
    for (const { writer } of [one, other]) turns.writers.answered(writer)
    one.say('write')
    await turn()
    expect([one.begun, other.begun]).toEqual([5, 5])
  })

  test('it does not wait for one that has gone', async () => {
    one.say('write')
    await turn()
    turns.leave(other as never)
    await turn()
    expect(one.begun).toBe(4)
  })

  test.each([
    [3, 1.5],
    [10, 2],
  ])('where a write takes %d ms it waits for %d ms at the most', async (takes, longest) => {
    commitMs = takes
    for (let round = 0; round < 60; round++) await commit(one, other)
    one.say('write')
    await turn()
    expect(delays.at(-1)).toBeCloseTo(longest, 2)
  })

  test('it does not wait where a write takes less than 2 ms', async () => {
    commitMs = 1.5
    for (let round = 0; round < 30; round++) await commit(one, other)
    const before = one.begun
    one.say('write')
    await turn()
    expect([one.begun - before, timers.length]).toEqual([1, 0])
  })

  test('what writes nothing does not wait', async () => {
    const reader = new User()
    one.say('write')
    reader.say('read')
    await turn()
    expect([one.begun, reader.begun]).toEqual([3, 1])
  })
})

test('in memory no write waits for another', async () => {
  begin(undefined)
  const one = new User()
  const other = new User()
  for (let round = 0; round < 3; round++) await commit(one, other)
  one.say('write')
  await turn()
  expect(one.begun).toBe(4)
})

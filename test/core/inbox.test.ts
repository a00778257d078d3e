import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import type { Command } from '../../packages/shared/src/remote/owner/commands.js'
import { Inbox } from '../../packages/shared/src/remote/owner/inbox.js'
import { clientOp } from '../../packages/shared/src/remote/wire/protocol.js'

const command = { op: clientOp.schemaReady } as const
const MANY = 10_000
const WAITING = 100

it('the lag of a client lasts from the arrival of a message until its last command is taken, also after its end', () => {
  let now = 1_000
  const inbox = new Inbox({ monotonic: () => now })
  inbox.push(command)
  inbox.push({ ...command })
  inbox.measure()
  now += 3
  inbox.take(1)
  now += 4
  inbox.take(1)
  expect(inbox.lag).toBe(7)
  now += 60_000
  inbox.measure()
  expect(inbox.clear()).toEqual([])
  expect(inbox.lag).toBe(7)
})

it('the lag of a client of which some command is always waiting is measured again and again', () => {
  let now = 0
  const inbox = new Inbox({ monotonic: () => now })
  inbox.push({ ...command })
  for (let wait = 1; wait < 100; wait++) {
    inbox.push({ ...command })
    inbox.measure()
    now += wait
    inbox.push({ ...command })
    inbox.take(1)
    inbox.take(1)
    expect(inbox.lag).toBe(wait)
  }
  expect(inbox.length).toBe(1)
})

/** Takes many commands while others wait. Weakly refers to those that were taken. */
function takenFrom(inbox: Inbox): WeakRef<Command>[] {
  for (let at = 0; at < WAITING; at++) inbox.push({ ...command })
  return Array.from({ length: MANY }, () => {
    inbox.push({ ...command })
    return new WeakRef(inbox.take(1))
  })
}

// A client that sends as much as it may for hours leaves no moment in which none of its commands waits.
it('commands that were taken are not kept while others wait', async () => {
  const inbox = new Inbox({ monotonic: () => 0 })
  const taken = takenFrom(inbox)
  // Weak references keep their objects until the end of the turn.
  await new Promise((resolve) => setImmediate(resolve))
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  expect(inbox.length).toBe(WAITING)
  expect(taken.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(MANY / 4)
})

import { expect, it } from 'vitest'
import { Inbox } from '../../packages/shared/src/remote/owner/inbox.js'
import { clientOp } from '../../packages/shared/src/remote/wire/protocol.js'

const command = { op: clientOp.settle } as const

it('the lag of a client lasts from the arrival of its commands until the last of them is taken, also after its end', () => {
  let now = 1_000
  const inbox = new Inbox({ monotonic: () => now })
  inbox.push(command)
  now += 3
  inbox.push(command)
  inbox.take(1)
  now += 4
  inbox.take(1)
  expect(inbox.lag).toBe(7)
  now += 60_000
  expect(inbox.clear()).toEqual([])
  expect(inbox.lag).toBe(7)
})

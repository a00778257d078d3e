import { expect, test } from 'vitest'
import { PacedSending } from '../../packages/shared/src/remote/paced-sending.js'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('what is sent in a turn that has taken long waits for the next one, in order', async () => {
  let now = 0
  const sent: number[] = []
  const sending = new PacedSending<number>(
    (message) => sent.push(message),
    () => now,
  )
  for (let message = 0; message < 20; message++) sending.send(message)
  expect(sent, 'a turn that is short').toHaveLength(20)
  now = 100
  for (let message = 20; message < 40; message++) sending.send(message)
  const before = sent.length
  expect(before).toBeLessThan(24)
  await turn()
  await turn()
  expect(sent).toEqual(Array.from({ length: 40 }, (_, at) => at))

  // A turn that begins late is no long one.
  now = 200
  for (let message = 40; message < 60; message++) sending.send(message)
  expect(sent).toHaveLength(60)
})

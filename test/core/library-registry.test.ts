import { expect, test } from 'vitest'
import {
  isRegistered,
  type Registration,
  registerLibrary,
} from '../../packages/shared/src/dialects/sqlite/file/library-registry.js'

/** A handle that was left open to the app. It answers whether it is open when the test says so. */
class LeftHandle {
  readonly #asked: ((open: boolean) => void)[] = []
  readonly isOpen = (): Promise<boolean> => new Promise((resolve) => this.#asked.push(resolve))

  /** Answers the oldest question, and waits for what follows from that. */
  async answer(open: boolean): Promise<void> {
    this.#asked.shift()?.(open)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

let files = 0
const newFile = (): string => `file ${++files}`

function enter(file: string, library: string): Promise<Registration> {
  return registerLibrary(file, { library, engine: library }, file)
}

async function leftOpen(file: string, library: string): Promise<{ registration: Registration; handle: LeftHandle }> {
  const registration = await enter(file, library)
  const handle = new LeftHandle()
  registration.leaveOpen(handle.isOpen)
  return { registration, handle }
}

test('of two libraries that wait for the answer of a handle, the one that gets it first has the file', async () => {
  const file = newFile()
  const { handle } = await leftOpen(file, 'first')
  const second = enter(file, 'second')
  const third = expect(enter(file, 'third')).rejects.toMatchObject({ code: 'SECOND_LIBRARY' })
  await handle.answer(false)
  const { leave } = await second
  await handle.answer(false)
  await third
  await expect(enter(file, 'first')).rejects.toMatchObject({ code: 'SECOND_LIBRARY' })
  leave()
  await enter(file, 'first')
})

test('a late second end of a connection does not unregister the library that has the file since', async () => {
  const file = newFile()
  const { registration, handle } = await leftOpen(file, 'first')
  const entering = enter(file, 'second')
  await handle.answer(false)
  await entering
  registration.leave()
  await expect(enter(file, 'first')).rejects.toMatchObject({ code: 'SECOND_LIBRARY' })
})

test('a file is free when its handle is closed, even while it is being asked and answers that it is open', async () => {
  const file = newFile()
  const { registration, handle } = await leftOpen(file, 'first')
  const asking = isRegistered(file)
  registration.leave()
  await handle.answer(true)
  expect(await asking).toBe(false)
  await enter(file, 'second')
})

test('a connection that begins while a handle is being asked keeps the file', async () => {
  const file = newFile()
  const { handle } = await leftOpen(file, 'first')
  const refused = expect(enter(file, 'second')).rejects.toMatchObject({ code: 'SECOND_LIBRARY' })
  const { leave } = await enter(file, 'first')
  await handle.answer(false)
  await refused
  leave()
  expect(await isRegistered(file)).toBe(false)
})

test('a new connection asks two of the handles that were left open, other ones each time', async () => {
  const file = newFile()
  const asked = [0, 0, 0, 0]
  for (const at of asked.keys()) {
    const { leaveOpen } = await enter(file, 'first')
    leaveOpen(async () => {
      asked[at] = (asked[at] ?? 0) + 1
      return true
    })
  }
  asked.fill(0)
  for (let connection = 0; connection < 2; connection++) {
    await enter(file, 'first')
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(asked).toEqual([1, 1, 1, 1])
})

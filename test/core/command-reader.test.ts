import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { CommandReader } from '../../packages/shared/src/remote/owner/command-reader.js'
import { clientOp, type Item, WINDOW } from '../../packages/shared/src/remote/wire/protocol.js'
import { MalformedMessage, Reader } from '../../packages/shared/src/remote/wire/reader.js'
import { sentences } from '../proof/remote/sentences.js'

test('calls without parameters, which take no space in a message, are counted before objects are created for them', () => {
  const declared = [clientOp.declare, 0, 'raw', 'read', 'one', 'none', 'SELECT 1 AS v', 0, null, null]
  const calls = Array.from({ length: 10 }, () => [clientOp.call, 0, 0, WINDOW.calls]).flat()
  const reader = new Reader([...declared, ...calls])
  const made = vi.spyOn(reader, 'valuesOf')
  const commands = new CommandReader((statement) => statement)
  expect(() => commands.read(reader)).toThrow(MalformedMessage)
  expect(made).toHaveBeenCalledTimes(WINDOW.calls)
})

test('what guards one call does not guard the next one of the message', () => {
  const declared = [clientOp.declare, 0, 'raw', 'read', 'one', 'none', 'SELECT 1 AS v', 0, null, null]
  const call = [clientOp.call, 0, 0, 1]
  const reader = new Reader([...declared, clientOp.guard, 5, ...call, ...call])
  const commands = new CommandReader((statement) => statement).read(reader)
  expect(commands.map((command) => 'guard' in command && command.guard)).toEqual([5, undefined])
})

// Otherwise test/remote-clients/malformed would test only that such messages are refused.
test('the random messages of the tests have every operation of a client, and many of them are well-formed', () => {
  const read = new Set<number>([clientOp.hello, clientOp.declare])
  const messages = fc.sample(sentences, { numRuns: 2_000, seed: 1 })
  let wellFormed = 0
  for (const message of messages) {
    try {
      for (const command of new CommandReader((statement) => statement).read(new Reader(message as Item[]))) {
        read.add(command.op)
        if ('guard' in command && command.guard !== undefined) read.add(clientOp.guard)
      }
      wellFormed++
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedMessage)
    }
  }
  expect([...read].toSorted((a, b) => a - b)).toEqual(Object.values(clientOp))
  expect(wellFormed).toBeGreaterThan(messages.length / 4)
})

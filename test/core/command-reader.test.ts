import { expect, test, vi } from 'vitest'
import { CommandReader } from '../../packages/shared/src/remote/owner/command-reader.js'
import { clientOp, WINDOW } from '../../packages/shared/src/remote/wire/protocol.js'
import { MalformedMessage, Reader } from '../../packages/shared/src/remote/wire/reader.js'

test('calls without parameters, which take no space in a message, are counted before objects are created for them', () => {
  const declared = [clientOp.declare, 0, 'raw', 'read', 'one', 'none', 'SELECT 1 AS v', 0, null, null]
  const calls = Array.from({ length: 10 }, () => [clientOp.call, 0, 0, WINDOW.calls]).flat()
  const reader = new Reader([...declared, ...calls])
  const made = vi.spyOn(reader, 'valuesOf')
  const commands = new CommandReader((statement) => statement)
  expect(() => commands.read(reader)).toThrow(MalformedMessage)
  expect(made).toHaveBeenCalledTimes(WINDOW.calls)
})

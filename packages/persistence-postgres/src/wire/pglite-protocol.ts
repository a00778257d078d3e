import type { Row, SqlValue } from '@go-go-scope/persistence-core/dialect'
import { type Column, columnsOf, rowOf } from './text-rows.js'

/** A message of the server, as parsed by PGlite. */
export interface ServerMessage {
  readonly name: string
  readonly fields?: readonly unknown[]
}

const TEXT = 0
const BINARY = 1
const NULL_LENGTH = -1

/** Returns the messages that prepare a statement under a name. */
export function preparing(name: string, sql: string): Uint8Array {
  return Buffer.concat([message('P', text(name), text(sql), int16(0)), SYNC])
}

/** Returns the messages that run a prepared statement and fetch its rows. */
export function running(name: string, parameters: readonly SqlValue[]): Uint8Array {
  const formats = parameters.map((parameter) => int16(parameter instanceof Uint8Array ? BINARY : TEXT))
  const values = parameters.flatMap((parameter) => {
    if (parameter === null) return [int32(NULL_LENGTH)]
    const bytes = parameter instanceof Uint8Array ? parameter : Buffer.from(String(parameter))
    return [int32(bytes.length), bytes]
  })
  const count = int16(parameters.length)
  return Buffer.concat([message('B', text(''), text(name), count, ...formats, count, ...values, int16(0)), RUN])
}

/** Returns the rows of an answer. */
export function rowsOf(messages: readonly ServerMessage[]): Row[] {
  let columns: readonly Column[] = []
  const rows: Row[] = []
  for (const { name, fields = [] } of messages) {
    if (name === 'rowDescription') columns = columnsOf(fields as Parameters<typeof columnsOf>[0])
    else if (name === 'dataRow') rows.push(rowOf(columns, fields as readonly (string | null)[]))
  }
  return rows
}

function message(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}

const SYNC = message('S')
const RUN = Buffer.concat([message('D', Buffer.from('P'), text('')), message('E', text(''), int32(0)), SYNC])

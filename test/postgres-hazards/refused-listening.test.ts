import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { listenByUrl } from '../../packages/persistence-postgres/src/wire/by-url.js'
import { postgresJs } from '../../packages/persistence-postgres/src/wire/postgres-js.js'
import type { Listener } from '../../packages/persistence-postgres/src/wire/wire.js'
import { proveCell } from '../postgres/cell.js'
import { eventually } from './server-adapters.js'

proveCell()

const IGNORES: Listener = { notified() {}, reconnected() {}, ended() {} }

/** Starts a server that answers each connection with the error that it has too many of them. */
async function fullServer() {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(tooManyConnections()))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `postgres://user:password@127.0.0.1:${port}/database`,
    connections: () => connections,
    [Symbol.dispose]: () => void server.close(),
  }
}

/** An ErrorResponse of the protocol. */
function tooManyConnections(): Buffer {
  const fields = Buffer.from('SFATAL\0VFATAL\0C53300\0Msorry, too many clients already\0\0')
  const head = Buffer.from('E0000')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}

const isRefused = (listening: Promise<unknown>): Promise<void> =>
  expect(listening).rejects.toMatchObject({ code: '53300' })

test('a request to listen that a full server has refused is not repeated until it is made again', async () => {
  using byLibrary = await fullServer()
  using byUrl = await fullServer()
  using byHandle = await fullServer()
  const own = postgres(byLibrary.url)
  const handle = postgres(byHandle.url)
  try {
    await isRefused(listenByUrl(byUrl.url, 'postgres')('channel', IGNORES))
    await isRefused(postgresJs(handle).listen?.('channel', IGNORES) as Promise<unknown>)
    // The control: the library itself repeats it for as long as its `sql` lives.
    await isRefused(own.listen('channel', () => undefined))
    await eventually(async () => (byLibrary.connections() >= 10 ? true : undefined))
    expect([byUrl.connections(), byHandle.connections()]).toEqual([1, 1])
  } finally {
    await Promise.all([own.end({ timeout: 0 }), handle.end({ timeout: 0 })])
  }
})

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { expect, onTestFinished, test } from 'vitest'
import { proveCell, schemaForEachTest } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'

proveCell()

const schema = schemaForEachTest()

const onBun = 'Bun' in globalThis
const DRIVERS = onBun ? (['bun'] as const) : (['pg', 'postgres'] as const)

/** Starts a server that passes each login to `take`, and returns its URL. */
async function loggingIn(take: (socket: Socket, startup: Buffer) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).once('data', (startup) => take(socket, startup))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const url = new URL(serverUrl())
  url.port = String((server.address() as AddressInfo).port)
  return url.href
}

/** Refuses a login as a server does. */
function refuse(socket: Socket, state: string): void {
  const fields = Buffer.from(`E....SFATAL\0VFATAL\0C${state}\0Mrefused\0\0`)
  fields.writeInt32BE(fields.length - 1, 1)
  socket.end(fields)
}

test('a server without TLS is refused if TLS is required: by Bun.SQL at once; postgres takes it for a lost connection', async () => {
  const opening = PostgresAdapter.open(`${serverUrl()}?sslmode=require`, {
    driver: onBun ? 'bun' : 'postgres',
    // A retried connection attempt would wait an hour.
    busyTimeout: onBun ? 3_600_000 : 0,
  })
  await expect(opening).rejects.toMatchObject({ code: onBun ? 'CANNOT_OPEN' : 'UNAVAILABLE' })
})

test('a server that still starts is waited for', async () => {
  const { hostname, port } = new URL(serverUrl())
  for (const driver of DRIVERS) {
    let logins = 0
    const url = await loggingIn((client, startup) => {
      if (++logins <= 2) return refuse(client, '57P03')
      const server = connect(Number(port), hostname)
      server.on('error', () => undefined)
      server.write(startup)
      client.pipe(server).pipe(client)
    })
    const adapter = await PostgresAdapter.open(url, {
      driver,
      schema: schema.name,
      durability: 'process',
      newsUrl: false,
    })
    await adapter.cache.set('k', driver)
    expect(await adapter.cache.get('k')).toBe(driver)
    await adapter.disconnect()
    expect(logins).toBeGreaterThan(2)
  }
})

test('a password that the server refuses is reported at once', async () => {
  for (const driver of DRIVERS) {
    const url = await loggingIn((client) => refuse(client, '28P01'))
    // A retried login would wait an hour.
    const opening = PostgresAdapter.open(url, { driver, busyTimeout: 3_600_000 })
    await expect(opening).rejects.toMatchObject({ code: 'CANNOT_OPEN', message: expect.stringContaining('password') })
  }
})

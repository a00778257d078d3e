import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { expect, onTestFinished, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { disconnectAfterEach, newSchema, opens } from './server-adapters.js'

disconnectAfterEach()

proveCell()

const DRIVERS = ['pg', 'postgres'] as const

/** Starts a server that passes each connection to `take`. @param where a path or a port @returns its port. */
async function listening(where: string | number, take: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    take(socket)
  }).listen(where)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

test.each(DRIVERS)('the URL of %s may name an address of IPv6', async (driver) => {
  const url = serverUrl().replace('127.0.0.1', '[::ffff:127.0.0.1]')
  const adapter = await opens(newSchema(), { driver }, url)
  await adapter.cache.set('k', 1)
  expect(await adapter.cache.get('k')).toBe(1)
})

test.each(DRIVERS)('the URL of %s may name the folder of a socket', async (driver) => {
  const folder = await mkdtemp(join(tmpdir(), 'socket-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const { port, hostname, pathname, username } = new URL(serverUrl())
  await listening(join(folder, `.s.PGSQL.${port}`), (client) => {
    const server = connect(Number(port), hostname)
    server.on('error', () => undefined)
    client.pipe(server).pipe(client)
  })
  const url = `postgres://${username}@${encodeURIComponent(folder)}:${port}${pathname}`
  const adapter = await opens(newSchema(), { driver }, url)
  await adapter.cache.set('k', 1)
  expect(await adapter.cache.get('k')).toBe(1)
  await adapter.disconnect()
})

// For localhost, valid until 2126.
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgdTGSAlIfLlOLl8F2
aXKvvjt6kOwJnZY7AHcH4Y7z9vShRANCAARp7gcJDF0KxyLYWMzfw2cA9YRAoB4n
6re7K5v+vF5VfRCM76lUUgv3wXT7pJsHugnX5HfqdsaiYfOVIEjtAI7p
-----END PRIVATE KEY-----
`
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUVlsMPtv49gGL5T/+qjEYeGGVYZ8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjIzMTgyOFoYDzIxMjYxMTAy
MjMxODI4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARp7gcJDF0KxyLYWMzfw2cA9YRAoB4n6re7K5v+vF5VfRCM76lUUgv3
wXT7pJsHugnX5HfqdsaiYfOVIEjtAI7po1MwUTAdBgNVHQ4EFgQU48E1Nu3FRi8x
nzQM2GcFAh5Fm6kwHwYDVR0jBBgwFoAU48E1Nu3FRi8xnzQM2GcFAh5Fm6kwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA8+Lh90DhRld8INLuw8H5
OuNaVIQkeJJO1V5WYZETty4CIGatMitTjrFDhq3RAChzVirXG/A20zl56AQk4hzE
pv7S
-----END CERTIFICATE-----
`

test.each(DRIVERS)('a certificate that is not trusted is refused at once, by %s', async (driver) => {
  const port = await listening(0, (socket) => {
    // A client's first message asks for TLS.
    socket.once('data', () => {
      socket.write('S')
      new TLSSocket(socket, { isServer: true, key: KEY, cert: CERTIFICATE }).on('error', () => undefined)
    })
  })
  // A retried connection attempt would wait an hour.
  const opening = PostgresAdapter.open(`postgres://nobody@localhost:${port}/none?sslmode=verify-full`, {
    driver,
    busyTimeout: 3_600_000,
  })
  await expect(opening).rejects.toMatchObject({ code: 'CANNOT_OPEN', message: expect.stringContaining('sslmode') })
})

test('a server without TLS is refused at once if TLS is required, by pg', async () => {
  const opening = opens(newSchema(), { driver: 'pg', busyTimeout: 3_600_000 }, `${serverUrl()}?sslmode=require`)
  await expect(opening).rejects.toMatchObject({ code: 'CANNOT_OPEN', message: expect.stringContaining('sslmode') })
})

/** Returns a message of the server in which it asks for a step of the login. */
function asked(step: number, text: string): Buffer {
  const message = Buffer.from(`R....\0\0\0.${text}`)
  message.writeInt32BE(message.length - 1, 1)
  message.writeInt32BE(step, 5)
  return message
}

test('a URL without the password that the server asks for is refused at once, by pg', async () => {
  const port = await listening(0, (socket) => {
    socket.on('data', (data) => {
      const nonce = /,r=([^,\0]+)/.exec(data.toString('latin1'))?.[1]
      socket.write(
        nonce === undefined ? asked(10, 'SCRAM-SHA-256\0\0') : asked(11, `r=${nonce}server,s=c2FsdA==,i=4096`),
      )
    })
  })
  const url = `postgres://nobody@127.0.0.1:${port}/none`
  const opening = PostgresAdapter.open(url, { driver: 'pg', busyTimeout: 3_600_000 })
  await expect(opening).rejects.toMatchObject({ code: 'CANNOT_OPEN', message: expect.stringContaining('password') })
})

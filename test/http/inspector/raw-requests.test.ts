import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { toNodeHandler } from '@go-go-scope/persistence-inspector/node'
import { afterAll, expect, test } from 'vitest'
import { inspectorOf, KEY, OVERVIEW, persistence, SECRET, TOKEN } from './inspected.js'

const [reading, writing] = [await listen(inspectorOf()), await listen(inspectorOf({ token: TOKEN, write: true }))]
const { port } = reading

async function listen(inspect: ReturnType<typeof inspectorOf>): Promise<{ readonly port: number }> {
  const handler = toNodeHandler(inspect)
  const server = createServer((request, response) => void handler(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  afterAll(() => server.close())
  return server.address() as { port: number }
}

/** Sends these lines, which no HTTP client would send, and returns the response. */
const send = (...lines: readonly string[]): Promise<string> => sendTo(reading, lines)

async function sendTo({ port }: { readonly port: number }, lines: readonly string[], body = ''): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`${[...lines, 'Connection: close', '', body].join('\r\n')}`)
  return text(socket)
}

const BEARER = `Authorization: Bearer ${TOKEN}`

test.each<[string, readonly string[]]>([
  ['the page under a name that was made to lead here', ['GET / HTTP/1.1', 'Host: attacker.example']],
  ['data under that name', [`GET /${OVERVIEW} HTTP/1.1`, `Host: attacker.example`, BEARER]],
  ['data under that name with this port', [`GET /${OVERVIEW} HTTP/1.1`, `Host: attacker.example:${port}`, BEARER]],
  [
    'a target that names this machine, for another host',
    [`GET http://localhost/${OVERVIEW} HTTP/1.1`, 'Host: a.example', BEARER],
  ],
  ['no host', [`GET /${OVERVIEW} HTTP/1.0`, BEARER]],
  ['a host that is no name', [`GET /${OVERVIEW} HTTP/1.1`, 'Host: <script>', BEARER]],
  [
    'a host that others hand on',
    [`GET /${OVERVIEW} HTTP/1.1`, 'Host: a.example', 'X-Forwarded-Host: localhost', BEARER],
  ],
  ['fetch of another site', [`GET /${OVERVIEW} HTTP/1.1`, 'Host: localhost', 'Sec-Fetch-Site: cross-site', BEARER]],
  ['no token', [`GET /${OVERVIEW} HTTP/1.1`, 'Host: localhost']],
  ['a wrong token', [`GET /${OVERVIEW} HTTP/1.1`, 'Host: localhost', `${BEARER}x`]],
  ['the token in the query', [`GET /${OVERVIEW}&token=${TOKEN.replaceAll(' ', '+')} HTTP/1.1`, 'Host: localhost']],
  ['an action', [`POST /${OVERVIEW} HTTP/1.1`, 'Host: localhost', BEARER, 'Content-Length: 0']],
  ['a method that fetch does not know', [`TRACE /${OVERVIEW} HTTP/1.1`, 'Host: localhost', BEARER]],
])('%s: 403 and no byte of data', async (_what, lines) => {
  const answer = await send(...lines)
  expect(answer).toMatch(/^HTTP\/1\.1 403 /)
  for (const part of [KEY, TOKEN, '<script', '<html']) expect(answer).not.toContain(part)
})

const CLEAR = JSON.stringify({ do: 'clear', prefix: 'shop:', startsWith: '' })
const LENGTH = `Content-Length: ${CLEAR.length}`
const TYPE = 'Content-Type: application/json'
const POST = 'POST /inspector HTTP/1.1'
const HOST = 'Host: localhost'

test.each<[string, readonly string[]]>([
  ['under a name that was made to lead here', [POST, 'Host: attacker.example', BEARER, TYPE]],
  [
    'for another host, by a target of this machine',
    ['POST http://localhost/ HTTP/1.1', 'Host: a.example', BEARER, TYPE],
  ],
  ['of another site', [POST, HOST, BEARER, TYPE, 'Sec-Fetch-Site: cross-site']],
  ['of another port of this machine', [POST, HOST, BEARER, TYPE, 'Sec-Fetch-Site: same-site']],
  ['of another origin, by a browser that marks no sites', [POST, HOST, BEARER, TYPE, 'Origin: http://a.example']],
  ['of another port, by such a browser', [POST, 'Host: localhost:80', BEARER, TYPE, 'Origin: http://localhost:81']],
  ['of a page of another scheme', [POST, 'Host: localhost', BEARER, TYPE, 'Origin: capacitor://localhost']],
  ['of a file, to a host with a port', [POST, 'Host: localhost:3000', BEARER, TYPE, 'Origin: file://']],
  ['of a page without an origin', [POST, HOST, BEARER, TYPE, 'Origin: null']],
  ['without a token', [POST, HOST, TYPE]],
  ['with a wrong token', [POST, HOST, `${BEARER}x`, TYPE]],
  ['with the token in the query', [`POST /?token=${encodeURIComponent(TOKEN)} HTTP/1.1`, HOST, TYPE]],
  ['with the token in the path of the page', [`POST /#token=${encodeURIComponent(TOKEN)} HTTP/1.1`, HOST, TYPE]],
  ['as a form would send it', [POST, HOST, BEARER, 'Content-Type: text/plain']],
  [
    'as a form would send it, with what looks like JSON',
    [POST, HOST, BEARER, 'Content-Type: text/plain; application/json'],
  ],
  ['of no type', [POST, HOST, BEARER]],
  ['by PUT', ['PUT / HTTP/1.1', HOST, BEARER, TYPE]],
  ['by DELETE', ['DELETE / HTTP/1.1', HOST, BEARER, TYPE]],
  ['by GET', [`GET /?view=overview&do=clear&prefix=shop:&startsWith= HTTP/1.1`, HOST, TYPE]],
])('an action %s: 403, no byte of data, and nothing is changed', async (_what, lines) => {
  const before = await persistence.cache.keys()
  const answer = await sendTo(writing, [...lines, LENGTH], CLEAR)
  expect(answer).toMatch(/^HTTP\/1\.1 403 /)
  for (const part of [KEY, SECRET, TOKEN, 'shop:', '<html']) expect(answer).not.toContain(part)
  expect(before).toContain('session:1')
  expect(await persistence.cache.keys()).toEqual(before)
})

test('an action without the option write: 403, and nothing is changed', async () => {
  const answer = await sendTo(reading, [POST, HOST, BEARER, TYPE, LENGTH], CLEAR)
  expect(answer).toMatch(/^HTTP\/1\.1 403 /)
  expect(await persistence.cache.has('session:1')).toBe(true)
})

test('an allowed change is made, by a browser of this origin and by a program', async () => {
  const free = JSON.stringify({ do: 'entry delete', prefix: 'shop:', key: 'extra' })
  const length = `Content-Length: ${free.length}`
  const { port } = writing
  const own = [`Host: localhost:${port}`, `Origin: http://localhost:${port}`, 'Sec-Fetch-Site: same-origin']
  for (const lines of [own, own.slice(0, 2), [HOST]]) {
    await persistence.cache.set('extra', 1)
    const answer = await sendTo(
      writing,
      [POST, ...lines, BEARER, 'Content-Type: Application/JSON; charset=utf-8', length],
      free,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(await persistence.cache.has('extra')).toBe(false)
  }
  const long = `{"do":"${'x'.repeat(1_100_000)}"}`
  const answer = await sendTo(writing, [POST, HOST, BEARER, TYPE, `Content-Length: ${long.length}`], long)
  expect(answer).toMatch(/^HTTP\/1\.1 413 /)
})

test('allowed requests are answered, also for paths that look like other servers', async () => {
  expect(await send(`GET /inspector${OVERVIEW} HTTP/1.1`, `Host: localhost:${port}`, BEARER)).toContain(KEY)
  expect(await send('GET //attacker.example/ HTTP/1.1', 'Host: localhost')).toMatch(
    /^HTTP\/1\.1 200 [\s\S]*<!doctype html>/,
  )
  const head = await send(`HEAD /${OVERVIEW} HTTP/1.1`, 'Host: localhost', BEARER)
  expect(head).toMatch(/^HTTP\/1\.1 200 /)
  expect(head, 'a head has no body').not.toContain(KEY)
})

test('nothing of an unauthorized body is read', async () => {
  let read = 0
  const body = {
    next() {
      read++
      return Promise.resolve({ done: true as const, value: undefined })
    },
  }
  const request = { method: 'POST', headers: { host: 'localhost' }, [Symbol.asyncIterator]: () => body }
  let answered = 0
  const response = { writeHead: (status: number) => (answered = status), end: () => undefined }
  await toNodeHandler(inspectorOf({ token: TOKEN, write: true }))(request, response)
  expect([answered, read]).toEqual([403, 0])
})

test('a request of Node without toNodeHandler is refused by an error that names it', async () => {
  const request = { method: 'GET', url: '/', headers: { host: 'localhost' } }
  await expect(inspectorOf()(request as never)).rejects.toThrow(
    /takes a Request of fetch; .* toNodeHandler of \.\/node$/,
  )
})

test('a failing handler passes its error to next, or answers 500, and ends no process', async () => {
  const failing = toNodeHandler(() => Promise.reject(new Error('as planted')))
  const statuses: number[] = []
  const response = { writeHead: (status: number) => statuses.push(status), end: () => undefined }
  const told: unknown[] = []
  await failing({ headers: {} }, response, (error) => told.push(error))
  expect([told, statuses]).toMatchObject([[{ message: 'as planted' }], []])
  await failing({ headers: {} }, response)
  expect(statuses).toEqual([500])
})

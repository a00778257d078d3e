import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { toNodeHandler } from '@go-go-scope/persistence-inspector/node'
import { afterAll, expect, test } from 'vitest'
import { inspectorOf, KEY, OVERVIEW, TOKEN } from './inspected.js'

const handler = toNodeHandler(inspectorOf())
const server = createServer((request, response) => void handler(request, response))
await once(server.listen(0, '127.0.0.1'), 'listening')
const { port } = server.address() as { port: number }
afterAll(() => server.close())

/** What is sent back for these lines, which no client would let through. */
async function send(...lines: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`${[...lines, 'Connection: close', '', ''].join('\r\n')}`)
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
  ['a change', [`POST /${OVERVIEW} HTTP/1.1`, 'Host: localhost', BEARER, 'Content-Length: 0']],
  ['a method that fetch does not know', [`TRACE /${OVERVIEW} HTTP/1.1`, 'Host: localhost', BEARER]],
])('%s: 403 and no byte of data', async (_what, lines) => {
  const answer = await send(...lines)
  expect(answer).toMatch(/^HTTP\/1\.1 403 /)
  for (const part of [KEY, TOKEN, '<script', '<html']) expect(answer).not.toContain(part)
})

test('what may be asked for is sent, also by paths that look like other servers', async () => {
  expect(await send(`GET /inspector${OVERVIEW} HTTP/1.1`, `Host: localhost:${port}`, BEARER)).toContain(KEY)
  expect(await send('GET //attacker.example/ HTTP/1.1', 'Host: localhost')).toMatch(
    /^HTTP\/1\.1 200 [\s\S]*<!doctype html>/,
  )
  const head = await send(`HEAD /${OVERVIEW} HTTP/1.1`, 'Host: localhost', BEARER)
  expect(head).toMatch(/^HTTP\/1\.1 200 /)
  expect(head, 'a head has no body').not.toContain(KEY)
})

test('a handler that fails is told to next, or else answered by 500, and ends no process', async () => {
  const failing = toNodeHandler(() => Promise.reject(new Error('as planted')))
  const statuses: number[] = []
  const response = { writeHead: (status: number) => statuses.push(status), end: () => undefined }
  const told: unknown[] = []
  await failing({ headers: {} }, response, (error) => told.push(error))
  expect([told, statuses]).toMatchObject([[{ message: 'as planted' }], []])
  await failing({ headers: {} }, response)
  expect(statuses).toEqual([500])
})

import { once } from 'node:events'
import { request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, expect, test } from 'vitest'
import { koaApp } from '../../integrations/idempotency-key/koa-app.js'
import { store } from './requests.js'

const servers: ReturnType<ReturnType<typeof koaApp>['listen']>[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

test.each([
  ['answers is kept with its body', 1, [201, 'run 1', 'true']],
  ['throws frees the key', 2, [201, 'run 2', null]],
])('a request whose client leaves before its handler under Koa %s', async (_what, succeeds, repeated) => {
  let runs = 0
  const events = new EventTarget()
  const [begun, left] = [once(events, 'begun'), once(events, 'left')]
  const scope = crypto.randomUUID()
  const app = koaApp({ store, scope: () => scope })
  app.use(async (context) => {
    const run = ++runs
    if (run === 1) {
      events.dispatchEvent(new Event('begun'))
      await left
    }
    if (run < succeeds) throw new Error('as planted')
    context.status = 201
    context.body = `run ${run}`
  })
  const server = app.listen(0, '127.0.0.1')
  servers.push(server)
  server.once('connection', (socket) => socket.once('close', () => events.dispatchEvent(new Event('left'))))
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const init = { method: 'POST', headers: { 'idempotency-key': 'key' } }
  const first = send({ port, ...init }).on('error', () => undefined)
  first.end()
  await begun
  first.destroy()
  await left
  const again = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/`, init)
    return [response.status, await response.text(), response.headers.get('idempotency-replayed')]
  }
  await expect.poll(again, { timeout: 20_000 }).toEqual(repeated)
})

test('an error of the store under Koa does not let the request through, also if Express mounts the app', async () => {
  const error = new Error('as planted')
  const broken = { ...store, claim: () => Promise.reject(error) }
  let runs = 0
  const app = koaApp({ store: broken, scope: () => 'anyone' })
  app.use((context) => {
    context.body = `run ${++runs}`
  })
  const server = express().use(app.callback()).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { status } = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: { 'idempotency-key': 'key' } })
  expect([status, runs]).toEqual([500, 0])
})

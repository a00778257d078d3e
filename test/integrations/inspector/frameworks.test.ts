import { inspector } from '@go-go-scope/persistence-inspector'
import { toNodeHandler } from '@go-go-scope/persistence-inspector/node'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { type AdapterUnderTest, proveCell, takePlace } from '../cell.js'
import { hostExpress, hostFastify, hostFetch, inProcess, type Server } from '../hosts.js'

proveCell()

const TOKEN = crypto.randomUUID()

type Mount = (persistence: AdapterUnderTest) => Server | Promise<Server>

const frameworks: readonly [string, Mount][] = [
  ['a handler of fetch', (persistence) => hostFetch(inspector(persistence, { token: TOKEN }))],
  [
    'Hono',
    (persistence) => {
      const inspect = inspector(persistence, { token: TOKEN })
      const app = new Hono().all('/inspector', (context) => inspect(context.req.raw))
      return inProcess(async (request) => app.fetch(request))
    },
  ],
  [
    'Fastify',
    (persistence) => {
      const node = toNodeHandler(inspector(persistence, { token: TOKEN }))
      const app = fastify()
      app.all('/inspector', (request, reply) => {
        reply.hijack()
        return node(request.raw, reply.raw)
      })
      return hostFastify(app)
    },
  ],
  [
    'Express',
    (persistence) => hostExpress(express().all('/inspector', toNodeHandler(inspector(persistence, { token: TOKEN })))),
  ],
]

test.each(frameworks)('%s shows the page, and who holds a lock to who has the token', async (_name, mount) => {
  await using place = await takePlace()
  const persistence = await place.open({ locks: 'database' })
  await persistence.lock.acquire('nightly-report', 30_000, 'ada')
  await using server = await mount(persistence)

  const page = await server.request('/inspector', {})
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(await page.text()).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/)

  const data = (headers: Record<string, string>) => server.request('/inspector?view=overview', { headers })
  expect((await data({})).status).toBe(403)
  const shown = await data({ authorization: `Bearer ${TOKEN}` })
  expect(await shown.json()).toMatchObject({ locks: { items: [{ key: 'nightly-report', owner: 'ada', held: true }] } })
  const change = await server.request('/inspector', { method: 'POST', headers: { authorization: `Bearer ${TOKEN}` } })
  expect(change.status).toBe(403)
})

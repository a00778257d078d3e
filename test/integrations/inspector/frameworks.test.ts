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
  ['a handler of fetch', (persistence) => hostFetch(inspector(persistence, { token: TOKEN, write: true }))],
  [
    'Hono',
    (persistence) => {
      const inspect = inspector(persistence, { token: TOKEN, write: true })
      const app = new Hono().all('/inspector', (context) => inspect(context.req.raw))
      return inProcess(async (request) => app.fetch(request))
    },
  ],
  [
    'Fastify',
    (persistence) => {
      const node = toNodeHandler(inspector(persistence, { token: TOKEN, write: true }))
      const app = fastify()
      app.all('/inspector', (request, reply) => {
        reply.hijack()
        return node(Object.assign(request.raw, { body: request.body }), reply.raw)
      })
      return hostFastify(app)
    },
  ],
  [
    'Express',
    (persistence) =>
      hostExpress(express().all('/inspector', toNodeHandler(inspector(persistence, { token: TOKEN, write: true })))),
  ],
  [
    'Express behind a parser of bodies',
    (persistence) => {
      const node = toNodeHandler(inspector(persistence, { token: TOKEN, write: true }))
      return hostExpress(express().use(express.json()).all('/inspector', node))
    },
  ],
]

test.each(frameworks)(
  '%s serves the page, and shows the holder of a lock to a request with the token',
  async (_name, mount) => {
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
    const { locks } = (await shown.json()) as { locks: { items: { token: number }[] } }
    expect(locks.items).toMatchObject([{ key: 'nightly-report', owner: 'ada', held: true }])
    const token = locks.items[0]?.token
    const release = { do: 'lock release', prefix: '', key: 'nightly-report', token }
    const change = (headers: Record<string, string>) =>
      server.request('/inspector', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(release),
      })
    expect((await change({})).status).toBe(403)
    const done = await change({ authorization: `Bearer ${TOKEN}` })
    expect(await done.json()).toEqual({ done: 'the lock nightly-report is free' })
    expect(await (await data({ authorization: `Bearer ${TOKEN}` })).json()).toMatchObject({ locks: { items: [] } })
  },
)

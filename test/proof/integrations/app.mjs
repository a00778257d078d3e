// app.mjs <engine> <path> <runs> <hangs>: an app in a separate process. It serves payments, guarded by their keys, and appends
// each run of its handler to the file <runs>; with <hangs> the handler never answers. `serve` answers with the port; `set
// <namespace> <key> <value>` and `get <namespace> <key>` use a Keyv.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { idempotencyKey } from '@go-go-scope/idempotency-key/express'
import { KeyvStore } from '@go-go-scope/keyv'
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import express from 'express'
import { Keyv } from 'keyv'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [path = '', runs = '', hangs] = processArguments
const PATIENCE_MS = 60_000

const adapter = await engine.SQLiteAdapter.open(path, { durability: 'process', busyTimeout: PATIENCE_MS })
const wait = hangs === undefined ? PATIENCE_MS : 0

const app = express()
app.use(express.text({ type: () => true }))
app.use(idempotencyKey({ store: adapter.idempotency, scope: () => 'ada', lease: 30_000, wait }))
app.post('/payments', (request, response) => {
  appendFileSync(runs, `${process.pid}\n`)
  if (hangs === undefined) response.status(201).send(`receipt of ${request.body} by ${process.pid}`)
})
const server = createServer(app)
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))

/** @param {string} namespace */
const keyv = (namespace) => new Keyv({ store: new KeyvStore(adapter.cache), namespace })

await takeOrders(async ([what, namespace = '', key = '', value]) => {
  if (what === 'set') return keyv(namespace).set(key, value)
  if (what === 'get') return (await keyv(namespace).get(key)) ?? null
  const address = server.address()
  return typeof address === 'object' ? address?.port : undefined
})
server.closeAllConnections()
server.close()
await adapter.disconnect()

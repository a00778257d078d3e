import { parentPort, workerData } from 'node:worker_threads'
import { connectRemote } from '@go-go-scope/persistence-core/remote'

// A thread with one or two connections to one owner. When it gets a message, it loads each key on the first connection, and each load
// requests another key on the last connection. Posts the outcome of each.
const { ports, loads } = workerData
const connections = await Promise.all(ports.map((/** @type {any} */ port) => connectRemote(port)))
const begin = new Promise((resolve) => parentPort?.once('message', resolve))
let left = loads.length
const got = loads.map((/** @type {[string, string]} */ [key, other]) => {
  const load = async () => {
    if (--left === 0) parentPort?.postMessage('loading')
    await begin
    return connections.at(-1).cache.getOrSet(other, () => 'not this')
  }
  return connections[0].cache.getOrSet(key, load).catch((/** @type {any} */ error) => error.code)
})
parentPort?.postMessage(await Promise.all(got))
await Promise.all(connections.map((/** @type {any} */ connection) => connection.disconnect()))

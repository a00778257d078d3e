import { parentPort, workerData } from 'node:worker_threads'
import { connectRemote } from '@go-go-scope/persistence-core/remote'

// A thread with one connection or two to one owner. Its load of each key, by the first, asks by the last for another key, once it is
// told to; says what it got of each.
const { ports, loads } = workerData
const connections = await Promise.all(ports.map((/** @type {any} */ port) => connectRemote(port)))
const told = new Promise((resolve) => parentPort?.once('message', resolve))
let left = loads.length
const got = loads.map((/** @type {[string, string]} */ [key, other]) => {
  const load = async () => {
    if (--left === 0) parentPort?.postMessage('loading')
    await told
    return connections.at(-1).cache.getOrSet(other, () => 'not this')
  }
  return connections[0].cache.getOrSet(key, load).catch((/** @type {any} */ error) => error.code)
})
parentPort?.postMessage(await Promise.all(got))
await Promise.all(connections.map((/** @type {any} */ connection) => connection.disconnect()))

import { parentPort, workerData } from 'node:worker_threads'
import { connectRemote } from '@go-go-scope/persistence-core/remote'

// A thread with two connections to one owner. Its load of a key, by the one, asks by the other for the key of another thread, once
// it is told to; says what it got.
const { ports, key, other } = workerData
const [one, two] = await Promise.all(ports.map((/** @type {any} */ port) => connectRemote(port)))
const told = new Promise((resolve) => parentPort?.once('message', resolve))
const load = async () => {
  parentPort?.postMessage('loading')
  await told
  return two.cache.getOrSet(other, () => 'not this')
}
const got = await one.cache.getOrSet(key, load).catch((/** @type {any} */ error) => error.code)
parentPort?.postMessage(got)
await Promise.all([one.disconnect(), two.disconnect()])

import { connectRemote } from '@go-go-scope/persistence-core/remote'

/**
 * A task of a thread pool that receives a port: it counts under a lock.
 *
 * @param {{ port: any, counter: string, times: number }} given
 */
export default async function count({ port, counter, times }) {
  const adapter = await connectRemote(port)
  for (let left = times; left > 0; ) {
    const lock = await adapter.acquire(counter, 60_000)
    if (lock === null) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      continue
    }
    await adapter.cache.set(counter, Number(await adapter.cache.get(counter)) + 1)
    await lock.release()
    left--
  }
  await adapter.disconnect()
}

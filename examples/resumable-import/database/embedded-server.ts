import type { Arguments } from '../arguments.mjs'

/**
 * The server for `--front-end postgres`, unless POSTGRES_URL names one: that which the tests of this repository start, from an
 * npm package. It ends with this process, and what is in it too.
 *
 * @returns what ends it
 */
export async function provideServer(frontEnd: Arguments['frontEnd']): Promise<() => Promise<void>> {
  if (frontEnd !== 'postgres' || process.env.POSTGRES_URL !== undefined) return async () => undefined
  const { startServer } = await import('../../../test/postgres/server/start-server.mjs')
  const server = await startServer()
  // The processes that the demonstration starts find it there too.
  process.env.POSTGRES_URL = server.url
  return () => server.stop()
}

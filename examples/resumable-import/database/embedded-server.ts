import type { Arguments } from '../arguments.mjs'

/**
 * Starts a server for `--front-end postgres`, unless POSTGRES_URL names one. It is the server of this repository's tests, from an
 * npm package. It ends with this process and keeps no data.
 *
 * @returns a function that stops it
 */
export async function provideServer(frontEnd: Arguments['frontEnd']): Promise<() => Promise<void>> {
  if (frontEnd !== 'postgres' || process.env.POSTGRES_URL !== undefined) return async () => undefined
  const { startServer } = await import('../../../test/postgres/server/start-server.mjs')
  const server = await startServer()
  // The child processes of the demonstration read it too.
  process.env.POSTGRES_URL = server.url
  return () => server.stop()
}

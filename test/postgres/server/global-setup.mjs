import { startServer } from './start-server.mjs'

/** Starts one server for all tests of a run, unless `POSTGRES_URL` names one. Each test has its own schema. */
export async function setup() {
  if (process.env.POSTGRES_URL !== undefined) return undefined
  const server = await startServer()
  process.env.POSTGRES_URL = server.url
  return () => server.stop()
}

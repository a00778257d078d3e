import { startServer } from '../../test/postgres/server/start-server.mjs'

/** The server of POSTGRES_URL, or one that npm has brought, which flushes as it would on a disk. */
export async function benchServer() {
  const { POSTGRES_URL: url } = process.env
  return url === undefined ? startServer() : { url, stop: async () => undefined }
}

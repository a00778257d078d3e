import { tmpdir } from 'node:os'
import { startServer } from '../../test/postgres/server/start-server.mjs'

// Production-like settings: with those of the tests a million rows do not fit into the buffers, and a reader waits until another
// page has been written to make room.
const SETTINGS = { shared_buffers: '1GB', max_wal_size: '4GB' }

/**
 * Returns the server of POSTGRES_URL, or starts one from an npm package. Its data is not in memory like that of the tests, where a
 * commit costs no flush, which is what calls made together share. It is not below the repository either, because the server's
 * user may have no access there.
 */
export async function benchServer() {
  const { POSTGRES_URL: url } = process.env
  return url === undefined ? startServer(SETTINGS, { parent: tmpdir() }) : { url, stop: async () => undefined }
}

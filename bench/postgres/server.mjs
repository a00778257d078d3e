import { tmpdir } from 'node:os'
import { startServer } from '../../test/postgres/server/start-server.mjs'

// What is set up for data that is used: with the settings of the tests a million rows do not fit, and what a reader finds it
// waits for, a page that is written to make room.
const SETTINGS = { shared_buffers: '1GB', max_wal_size: '4GB' }

/**
 * The server of POSTGRES_URL, or one that npm has brought. Not in memory, as that of the tests: a commit there costs no flush,
 * which is what calls that are made together share. Nor below the repository, which its user may not reach.
 */
export async function benchServer() {
  const { POSTGRES_URL: url } = process.env
  return url === undefined ? startServer(SETTINGS, { parent: tmpdir() }) : { url, stop: async () => undefined }
}

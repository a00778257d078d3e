import { tmpdir } from 'node:os'
import { startServer } from '../../test/postgres/server/start-server.mjs'

/**
 * The server of POSTGRES_URL, or one that npm has brought. Not in memory, as that of the tests: a commit there costs no flush,
 * which is what calls that are made together share. Nor below the repository, which its user may not reach.
 */
export async function benchServer() {
  const { POSTGRES_URL: url } = process.env
  return url === undefined ? startServer({}, { parent: tmpdir() }) : { url, stop: async () => undefined }
}

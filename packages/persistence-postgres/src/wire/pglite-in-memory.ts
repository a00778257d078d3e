import type { PgliteLike } from './pglite.js'

interface Instance extends PgliteLike {
  dumpDataDir(compression: 'none'): Promise<Blob>
}

/** The class of `@electric-sql/pglite`. */
type PgliteClass = new (options?: { loadDataDir: Blob }) => Instance

let made = 0
/** The data folder of a new database, 39 MB; `undefined` if it could not be read. */
let template: Promise<Blob | undefined> | undefined

/**
 * Returns a new database in memory. Making one takes seconds of CPU time. From the third one of a process on, as in test suites,
 * most of that is saved: they begin as copies of the second. A process that makes only one keeps no template.
 */
export async function newInMemory(PGlite: PgliteClass): Promise<PgliteLike> {
  if (++made === 1) return new PGlite()
  if (template !== undefined) {
    const loadDataDir = await template
    return loadDataDir === undefined ? new PGlite() : new PGlite({ loadDataDir })
  }
  const instance = new PGlite()
  // `dumpDataDir` never resolves before the instance is ready. If it does not start, connecting reports why.
  template = instance.waitReady.then(() => instance.dumpDataDir('none')).catch(() => undefined)
  await template
  return instance
}

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Compiles C to a library for LD_PRELOAD, with the compiler that node-gyp needs anyway. The other runs of this `npm test` reuse
 * it, because all temporary files are in one folder.
 */
export async function compileLibrary(source: URL): Promise<string> {
  const file = fileURLToPath(source)
  const library = join(tmpdir(), `${basename(file, '.c')}.so`)
  if (existsSync(library)) return library
  const own = `${library}-${process.pid}`
  await run('cc', ['-shared', '-fPIC', '-O2', '-Wall', '-o', own, file, '-ldl', '-lpthread'])
  // Renamed when complete, because a concurrent run may load it at once.
  await rename(own, library)
  return library
}

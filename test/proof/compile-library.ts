import { execFile } from 'node:child_process'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Compiles C to a library that can be preloaded, with the compiler that node-gyp needs anyway. */
export async function compileLibrary(source: URL, folder: string): Promise<string> {
  const file = fileURLToPath(source)
  const library = join(folder, `${basename(file, '.c')}.so`)
  await run('cc', ['-shared', '-fPIC', '-O2', '-Wall', '-o', library, file, '-ldl', '-lpthread'])
  return library
}

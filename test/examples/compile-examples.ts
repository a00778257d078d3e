import { mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../scripts/workspace.mjs'

/** Folders of the repository from which examples import by a relative path. */
const BESIDE_EXAMPLES = ['scripts', 'test']

/**
 * Compiles all examples into a folder of the temporary files. They find their packages as in the folder of the examples, and what
 * is not TypeScript is that of the examples itself.
 *
 * @returns the folder, in which `main.ts` of an example is `main.mjs`.
 */
export async function compileExamples(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'compiled-examples-'))
  for (const name of BESIDE_EXAMPLES) await symlink(join(root, name), join(folder, name))
  const compiled = join(folder, 'examples')
  await compileFolder(join(root, 'examples'), compiled)
  return compiled
}

async function compileFolder(from: string, to: string): Promise<void> {
  await mkdir(to)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.name.endsWith('.ts')) await writeFile(compiledName(target), await compiledCode(source))
    else if (entry.isDirectory() && entry.name !== 'node_modules') await compileFolder(source, target)
    else await symlink(source, target)
  }
}

/** The name of what a script is compiled into. */
export function compiledName(script: string): string {
  return script.replace(/\.ts$/, '.mjs')
}

async function compiledCode(source: string): Promise<string> {
  // Loaded where it is needed, because most runtimes need it not.
  const { transformSync } = await import('rolldown/utils')
  const { code, errors } = transformSync(source, await readFile(source, 'utf8'))
  if (errors.length > 0) throw new Error(`${source} does not compile`, { cause: errors })
  // Imports, and the names of the scripts that a process starts: both are strings that end with the name of a file.
  return code.replaceAll(/\.ts(?=["'`])/g, '.mjs')
}

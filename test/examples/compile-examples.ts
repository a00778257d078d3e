import { mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../scripts/workspace.mjs'

/** Folders of the repository that examples import by a relative path. */
const BESIDE_EXAMPLES = ['scripts', 'test']

/**
 * Compiles all examples into a temporary folder. They resolve packages as in the folder of the examples and use its other files.
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

/** Returns the name of the compiled script. */
export function compiledName(script: string): string {
  return script.replace(/\.ts$/, '.mjs')
}

async function compiledCode(source: string): Promise<string> {
  // Loaded here, because most runtimes do not need it.
  const { transformSync } = await import('rolldown/utils')
  const { code, errors } = transformSync(source, await readFile(source, 'utf8'))
  if (errors.length > 0) throw new Error(`${source} does not compile`, { cause: errors })
  // Imports and the scripts that a process starts: both are strings that end with a file name.
  return code.replaceAll(/\.ts(?=["'`])/g, '.mjs')
}

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SourceFile } from './gates/gate.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Returns the files on disk that git does not ignore, so that new files are checked before they are added. */
export function repositoryFiles(): SourceFile[] {
  const output = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return output.split('\0').flatMap((path) => {
    const text = path === '' ? undefined : readIfPresent(path)
    return text === undefined ? [] : [{ path, text }]
  })
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch (error) {
    // Deleted on disk but still in the index, or a link to a folder.
    if (['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** A fenced `ts` block of a document. */
export interface Example {
  /** `document:line` of its first line of code. */
  readonly place: string
  readonly code: string
}

/**
 * Returns the examples to run: every block fenced as `ts` whose info string lacks `no-run`.
 *
 * @param document the path, for messages
 */
export function extractExamples(document: string, markdown: string): Example[] {
  const fence = /^( *)(`{3,})ts\b([^\n]*)\n([\s\S]*?)^ *\2 *$/gm
  return [...markdown.matchAll(fence)].flatMap((match) => {
    const [, indent = '', , info = '', code = ''] = match
    if (/\bno-run\b/.test(info)) return []
    const line = markdown.slice(0, match.index).split('\n').length + 1
    return [{ place: `${document}:${line}`, code: code.replaceAll(new RegExp(`^ {0,${indent.length}}`, 'gm'), '') }]
  })
}

/** What the examples of doc comments leave out: each is the few lines that an editor shows for a method. */
const SETTING =
  "import { BackupSchedule, SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'; " +
  "import { connectRemote, serve } from '@go-go-scope/persistence-sqlite-node/remote'; "
const OPENED = "await using persistence = await SQLiteAdapter.open('app.db', { locks: 'database' }); "

/** Returns the `@example`s of a source file, completed to programs. */
export function extractDocExamples(file: string, source: string): Example[] {
  if (!source.includes('@example')) return []
  return extractExamples(file, source.replaceAll(/^ *\* ?/gm, '')).map(({ place, code }) => ({
    place,
    code: SETTING + (code.includes('SQLiteAdapter.open') ? '' : OPENED) + code,
  }))
}

/**
 * Returns the examples of a document that must have some.
 *
 * @throws Error when it has none to run, because a README without executed examples goes stale.
 */
export function requireExamples(document: string, markdown: string): Example[] {
  const examples = extractExamples(document, markdown)
  if (examples.length === 0) throw new Error(`${document} has no example to run`)
  return examples
}

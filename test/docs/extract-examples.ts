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

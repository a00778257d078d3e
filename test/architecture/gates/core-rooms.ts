import { posix } from 'node:path'
import type { Gate, SourceFile } from './gate.js'
import { importsOf } from './source-text.js'

const SOURCE = 'packages/shared/src/'

/**
 * The rooms of the core, from top to bottom. A room may import its own files and rooms on lines below its own, but no room on
 * the same line. A path belongs to the room with the longest matching name.
 */
export const ROOMS: readonly (readonly string[])[] = [
  ['index.ts', 'remote.ts'],
  ['public.ts'],
  ['dialect.ts', 'integration.ts', 'engine.ts'],
  ['dialects/sqlite/front-end', 'dialects/sqlite/changesets'],
  ['dialects/sqlite/copies', 'dialects/sqlite/standby', 'dialects/sqlite/threaded-engine'],
  ['dialects/sqlite/thread', 'dialects/sqlite/block-copy'],
  ['dialects/sqlite'],
  ['dialects/sqlite/statements', 'dialects/sqlite/schema', 'dialects/sqlite/file'],
  ['dialects/sqlite/engine'],
  ['remote/owner', 'remote/client'],
  ['remote/wire'],
  ['adapter'],
  ['inspect'],
  ['stores/cache', 'stores/checkpoint', 'stores/circuit-breaker', 'stores/idempotency', 'stores/lock'],
  ['session'],
  ['connection'],
  ['queue'],
  ['driver'],
  ['time', 'values'],
  ['arguments'],
  ['errors'],
  ['ports', 'keys', 'processes', 'tracing'],
]

const LINE_OF: ReadonlyMap<string, number> = new Map(ROOMS.flatMap((rooms, line) => rooms.map((room) => [room, line])))
const BY_LENGTH: readonly string[] = [...LINE_OF.keys()].sort((a, b) => b.length - a.length)

/** @param path relative to the source of the core @returns `undefined` for a file in no room. */
export function roomOf(path: string): string | undefined {
  return BY_LENGTH.find((room) => path === room || path.startsWith(`${room}/`))
}

/** Returns every import from one room of the core into another. */
function crossings(files: readonly SourceFile[]): { path: string; from: string; target: string; to: string }[] {
  return files.flatMap(({ path, text }) => {
    const here = path.slice(SOURCE.length)
    const from = roomOf(here)
    if (from === undefined) return []
    return importsOf(text)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => posix.join(posix.dirname(here), specifier).replace(/\.js$/, '.ts'))
      .flatMap((target) => {
        const to = roomOf(target)
        return to === undefined || to === from ? [] : [{ path, from, target, to }]
      })
  })
}

const covers = (path: string): boolean => path.startsWith(SOURCE) && path.endsWith('.ts')
const lineOf = (room: string): number => LINE_OF.get(room) as number

export const coreImportsGoDown: Gate = {
  rule: 'imports within the core go down',
  covers,
  violations: (files) => [
    ...files
      .map(({ path }) => path)
      .filter((path) => roomOf(path.slice(SOURCE.length)) === undefined)
      .map((path) => `${path} is in no room; give its folder a line in core-rooms.ts`),
    ...crossings(files)
      .filter(({ from, to }) => lineOf(to) <= lineOf(from))
      .map(({ path, target }) => `${path} imports ${target}`),
  ],
}

/** Returns a line per room with the rooms that it imports, as ARCHITECTURE.md shows them. */
export function drawRooms(files: readonly SourceFile[]): string {
  const found = crossings(files.filter(({ path }) => covers(path)))
  const width = Math.max(...BY_LENGTH.map((room) => room.length))
  return ROOMS.flat()
    .map((room) => {
      const below = new Set(found.filter(({ from }) => from === room).map(({ to }) => to))
      const names = ROOMS.flat().filter((other) => below.has(other))
      return `${room.padEnd(width)}  → ${names.join(', ') || '–'}`.trimEnd()
    })
    .join('\n')
}

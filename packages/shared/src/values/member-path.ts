import { shown } from '../arguments/invalid.js'

/** How an inner value is reached from the value that contains it. */
export type Way = 'member' | 'get' | 'keys' | 'values'

/** An object within a value, and the path to it. */
export interface Visited {
  readonly value: object
  readonly depth: number
  readonly parent: Visited | undefined
  readonly way: Way
  readonly key: unknown
}

const LONGEST_PATH = 120

/** Returns a path such as `.orders[3].total`; the middle of a long one is omitted. */
export function pathOf(place: Visited): string {
  const segments: string[] = []
  for (let at: Visited | undefined = place; at?.parent !== undefined; at = at.parent) {
    segments.push(segment(at.way, at.key))
  }
  const text = segments.reverse().join('')
  return text.length <= LONGEST_PATH ? text : `${text.slice(0, 60)}…${text.slice(-40)}`
}

export function segment(way: Way, key: unknown): string {
  if (way === 'get') return `.get(${typeof key === 'object' && key !== null ? '…' : shown(key)})`
  if (way !== 'member') return `.${way}()[${String(key)}]`
  if (typeof key === 'string') return /^[a-z_$][\w$]*$/i.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
  return `[${String(key)}]`
}

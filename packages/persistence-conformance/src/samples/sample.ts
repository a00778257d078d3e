import { createContext, runInContext } from 'node:vm'

/**
 * A value to store, as source text, so that another process can make the same one and a failed property prints it. `kept`: the
 * source of what comes back. `refused`: the paths to what cannot be stored; if there are any, the value is refused with one of
 * them.
 */
export interface Sample {
  readonly value: string
  readonly kept: string
  readonly refused: readonly string[]
}

/** A sample that comes back as it is. */
export const kept = (value: string): Sample => ({ value, kept: value, refused: [] })

/** A sample that comes back as something else. */
export const keptAs = (value: string, back: string): Sample => ({ value, kept: back, refused: [] })

/** A sample that is refused as a whole. */
export const refused = (value: string, path = ''): Sample => ({ value, kept: 'undefined', refused: [path] })

/** Returns whether the value is a function. A hidden one of an error is a method, which is no part of it. */
export const isMethod = ({ value, refused }: Sample): boolean =>
  refused.includes('') && typeof make(value) === 'function'

/** Returns how a member or an item continues a path. */
export function step(name: string | number): string {
  if (typeof name === 'number') return `[${name}]`
  return /^[a-z_$][\w$]*$/i.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}

/** Returns the paths to what an inner sample cannot store. */
export const within = (path: string, { refused }: Sample): string[] => refused.map((inner) => path + inner)

/** Returns a sample of an object that contains others, each at a path. `source` gets the sources of these. */
export function composed(
  parts: readonly (readonly [path: string, inner: Sample])[],
  source: (inner: string[]) => string,
): Sample {
  const of = (which: 'value' | 'kept') => source(parts.map(([, inner]) => inner[which]))
  return { value: of('value'), kept: of('kept'), refused: parts.flatMap(([path, inner]) => within(path, inner)) }
}

function define<Target>(target: Target, name: PropertyKey, descriptor: PropertyDescriptor): Target {
  return Object.defineProperty(target, name, { configurable: true, ...descriptor })
}

/** The functions that a source may call. Those on members return the object. */
const HELPERS = {
  put: (target: object, name: PropertyKey, value: unknown) =>
    define(target, name, { value, enumerable: true, writable: true }),
  hide: (target: object, name: PropertyKey, value: unknown) => define(target, name, { value, writable: true }),
  getter: (target: object, name: PropertyKey, get: () => unknown) => define(target, name, { get, enumerable: true }),
  hiddenGetter: (target: object, name: PropertyKey, get: () => unknown) => define(target, name, { get }),
  setter: (target: object, name: PropertyKey) => define(target, name, { set: () => undefined, enumerable: true }),
  fail: () => {
    throw new Error('of the getter')
  },
  transferred: (buffer: ArrayBuffer) => {
    structuredClone(0, { transfer: [buffer] })
    return buffer
  },
  suppressed: (error: unknown, inner: unknown, message: string) =>
    typeof SuppressedError === 'function'
      ? new SuppressedError(error, inner, message)
      : ['SuppressedError', error, inner].reduce<Error>(
          (target, value, at) =>
            define(target, ['name', 'error', 'suppressed'][at] as string, { value, writable: true }),
          new Error(message),
        ),
  /** Runs a source in another realm. */
  realm: (source: string): unknown => runInContext(`(${source})`, otherRealm),
}

const otherRealm = createContext({
  ...HELPERS,
  AbortController,
  Buffer,
  DOMException,
  TextEncoder,
  URL,
  URLSearchParams,
})

/** Makes the value of a source, a new one at each call. */
export function make(source: string): unknown {
  return new Function(...Object.keys(HELPERS), `return (${source})`)(...Object.values(HELPERS))
}

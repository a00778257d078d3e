import fc from 'fast-check'
import { isMethod, type Sample, step, within } from './sample.js'

/** A sample of an object to which members can be added. */
export interface Holder extends Sample {
  /** Which of them are kept. `error`: also hidden ones. `none`: the object is refused, because they would be lost. */
  readonly keeps: 'enumerable' | 'error' | 'none'
}

/** How a member is added: by the function of that name that a source may call. */
const WAYS = [
  'put',
  'put',
  'put',
  'getter',
  'setter',
  'fail',
  'symbol',
  'hide',
  'hiddenGetter',
  'hiddenSymbol',
] as const

export interface AddedMember {
  readonly name: string
  readonly way: (typeof WAYS)[number]
  readonly inner: Sample
}

/** Names of methods and fields that code which stores a value may use, and names that look like an index or a path. */
const ODD_NAMES = [
  ...['__proto__', 'constructor', 'toJSON', 'then', 'toString', 'valueOf', 'hasOwnProperty', 'prototype', 'get', 'set'],
  ...['entries', 'keys', 'values', 'size', 'slice', 'getTime', 'toISOString', 'path', 'value', '-1', '1.5', '01'],
  ...['4294967295', '', 'a b', '\0', '\ud800', 'ü', '<', '\u2028'],
]

// In an array, a short number would be an item.
const other = fc.string({ maxLength: 5 }).filter((name) => !/^\d+$/.test(name))

/** Members of different names. */
export function addedMembers(inner: fc.Arbitrary<Sample>): fc.Arbitrary<AddedMember[]> {
  const name = fc.oneof(fc.constantFrom('a', 'b', ...ODD_NAMES), other)
  const member = fc.record({ name, way: fc.constantFrom(...WAYS), inner })
  return fc.uniqueArray(member, { selector: ({ name }) => name, maxLength: 3 })
}

/** Whether a member may hide what its object is read by. If it does, it is refused: a Date with a `toISOString` of its own. */
export const mayHideMethod = ({ way, name }: AddedMember): boolean =>
  (way === 'hide' || way === 'hiddenGetter') && ODD_NAMES.includes(name)

export function withMember(holder: Holder, { name, way, inner }: AddedMember): Holder {
  const { value, kept, keeps } = holder
  const key = JSON.stringify(name)
  const refusing = (value: string, ...paths: string[]): Holder => ({
    ...holder,
    value,
    refused: [...holder.refused, ...paths],
  })
  const keeping = (value: string, how: 'put' | 'hide', back: string, paths: string[]): Holder =>
    keeps === 'none'
      ? refusing(value, step(name))
      : { ...refusing(value, ...paths), kept: `${how}(${kept}, ${key}, ${back})` }
  const innerPaths = within(step(name), inner)
  // For a typed array it would be an item, which the array does not have.
  if (keeps === 'none' && String(Number(name)) === name) return holder
  // Bun may need the text of an error to list its members.
  if (keeps === 'error' && name === 'toString') return holder
  switch (way) {
    case 'put':
      return keeping(`put(${value}, ${key}, ${inner.value})`, 'put', inner.kept, innerPaths)
    case 'getter':
      return keeping(`getter(${value}, ${key}, () => ${inner.value})`, 'put', inner.kept, innerPaths)
    case 'setter':
      return keeping(`setter(${value}, ${key})`, 'put', 'undefined', [])
    case 'fail':
      return refusing(`getter(${value}, ${key}, fail)`, step(name))
    case 'symbol':
      return refusing(`put(${value}, Symbol.for("mark"), 1)`, '[Symbol(mark)]')
    case 'hide':
      if (keeps === 'error' && !isMethod(inner))
        return keeping(`hide(${value}, ${key}, ${inner.value})`, 'hide', inner.kept, innerPaths)
      // By this method it would be written as something else.
      return refusing(`hide(${value}, ${key}, () => 1)`, ...(name === 'toJSON' && keeps !== 'error' ? ['.toJSON'] : []))
    case 'hiddenGetter':
      return { ...holder, value: `hiddenGetter(${value}, ${key}, () => 1)` }
    case 'hiddenSymbol':
      return { ...holder, value: `hide(${value}, Symbol.for("mark"), 1)` }
  }
}

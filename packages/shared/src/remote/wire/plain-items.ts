import type { Item } from './protocol.js'

type Tagged = { readonly n: string } | { readonly b: string }

/** Whether JSON loses the item: NaN, the infinities, -0 and bytes. */
function isLost(item: Item): boolean {
  return typeof item === 'number' ? !Number.isFinite(item) || Object.is(item, -0) : item instanceof Uint8Array
}

/** Returns the message in a form that JSON keeps. The app chose the channel's serialization, which cannot be queried. */
export function writePlain(message: readonly Item[]): readonly (Item | Tagged)[] {
  return message.some(isLost) ? message.map((item) => (isLost(item) ? tagged(item) : item)) : message
}

function tagged(item: Item): Tagged {
  if (item instanceof Uint8Array) return { b: Buffer.from(item).toString('base64') }
  return { n: Object.is(item, -0) ? '-0' : String(item) }
}

/** Returns the message that {@link writePlain} was given. Anything else passes through, for its reader to refuse. */
export function readPlain(message: unknown): unknown {
  if (!Array.isArray(message)) return message
  for (let at = 0; at < message.length; at++) {
    const item: unknown = message[at]
    if (typeof item === 'object' && item !== null) message[at] = untagged(item)
  }
  return message
}

function untagged(item: object): unknown {
  if ('n' in item && typeof item.n === 'string') return Number(item.n)
  if ('b' in item && typeof item.b === 'string') return new Uint8Array(Buffer.from(item.b, 'base64'))
  return item
}

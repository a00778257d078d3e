import type { MessagePort } from 'node:worker_threads'

// A client that sends raw messages, for what our clients never send. See protocol.ts for the operations.

export const ENVELOPE = 'go-go-scope/1'
/** The operation of the owner that answers successive calls with no row. */
export const NOTHING = 4

/** Returns the items of a message; a long one has no object around it. */
export function itemsOf(message: unknown): unknown[] {
  return Array.isArray(message) ? message.slice(1) : ((message as Record<string, unknown[]>)[ENVELOPE] ?? [])
}

/** Returns the message that has the items; items that begin with the envelope are sent as they are. */
export function messageOf(items: unknown): unknown {
  return Array.isArray(items) && items[0] === ENVELOPE ? items : { [ENVELOPE]: items }
}

/** Returns the owner's first message after messages of any form, after its welcome if the first one gets that. */
export function answerTo(raw: MessagePort, ...messages: unknown[]): Promise<unknown[]> {
  return answersTo(raw, () => true, ...messages)
}

/**
 * As {@link answerTo}, with the items of all messages until `complete`. An owner on a busy machine ends its turn before it has
 * answered all calls of a message.
 */
export function answersTo(
  raw: MessagePort,
  complete: (items: unknown[]) => boolean,
  ...messages: unknown[]
): Promise<unknown[]> {
  const items: unknown[] = []
  return new Promise((resolve) => {
    raw.on('message', (message) => {
      const said = itemsOf(message)
      if (items.length === 0 && said[0] === 1) {
        for (const next of messages.slice(1)) raw.postMessage(messageOf(next))
      } else if (items.push(...said) > 0 && complete(items)) resolve(items)
    })
    raw.on('close', () => resolve(items))
    raw.postMessage(messageOf(messages[0]))
  })
}

/** Returns how many calls the items answer with no row. @returns NaN if they say anything else. */
export function callsWithoutRow(items: unknown[]): number {
  let calls = 0
  for (let at = 0; at < items.length; at += 3) calls += items[at] === NOTHING ? Number(items[at + 2]) : Number.NaN
  return calls
}

/** Sends a greeting with the given versions instead of this release's. @returns the message of the refusal. */
export async function refusal(raw: MessagePort, protocol: number, schema: number): Promise<string> {
  const said = await answerTo(raw, [1, 'nonce', protocol, schema])
  return JSON.parse(String(said[2])).message
}

/** Returns the greeting of this release. */
export async function greeting(raw: MessagePort): Promise<unknown[]> {
  const [, schema] = (await refusal(raw, 4, 999)).match(/database schema (\d+)/) ?? []
  return [1, 'nonce', 4, Number(schema)]
}

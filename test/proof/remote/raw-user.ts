import type { MessagePort } from 'node:worker_threads'

// A client that sends raw messages, for what our clients never send. See protocol.ts for the operations.

export const ENVELOPE = 'go-go-scope/1'

/** Returns the items of a message; a long one has no object around it. */
export function itemsOf(message: unknown): unknown[] {
  return Array.isArray(message) ? message.slice(1) : ((message as Record<string, unknown[]>)[ENVELOPE] ?? [])
}

/** Returns the owner's answer to messages of any form, after its welcome if the first one gets that. */
export function answerTo(raw: MessagePort, ...messages: unknown[]): Promise<unknown[]> {
  return new Promise((resolve) => {
    raw.on('message', (message) => {
      const said = itemsOf(message)
      if (said[0] !== 1) resolve(said)
      else for (const next of messages.slice(1)) raw.postMessage({ [ENVELOPE]: next })
    })
    raw.on('close', () => resolve([]))
    raw.postMessage({ [ENVELOPE]: messages[0] })
  })
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

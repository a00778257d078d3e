import type { MessagePort } from 'node:worker_threads'

// A user of a served adapter by what crosses, for what no user of ours says. See protocol.ts for the words.

export const ENVELOPE = 'go-go-scope/1'

/** What a message says, which is a long one without an object around it. */
export function itemsOf(message: unknown): unknown[] {
  return Array.isArray(message) ? message.slice(1) : ((message as Record<string, unknown[]>)[ENVELOPE] ?? [])
}

/** What the owner says to messages of any form after its welcome, if that is what the first one gets. */
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

/** Says hello with what is given instead of what this release says. @returns the message of the refusal. */
export async function refusal(raw: MessagePort, protocol: number, schema: number): Promise<string> {
  const said = await answerTo(raw, [1, 'nonce', protocol, schema])
  return JSON.parse(String(said[2])).message
}

/** What this release says first. */
export async function greeting(raw: MessagePort): Promise<unknown[]> {
  const [, schema] = (await refusal(raw, 4, 999)).match(/database schema (\d+)/) ?? []
  return [1, 'nonce', 4, Number(schema)]
}

import type { IdempotencyProblem } from '@go-go-scope/idempotency-key'
import { describe, expect, test } from 'vitest'
import { guarded, request } from './requests.js'

/** A body that sends `pieces` and ends only when the test says so. */
function endless(pieces: readonly string[]) {
  let source: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      source = controller
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece))
    },
  })
  return { body, end: () => source?.close() }
}

describe('a response whose body is a stream', () => {
  test('that ends is stored like any other', async () => {
    const handle = guarded(() => {
      const { body, end } = endless(['one ', 'two'])
      end()
      return new Response(body)
    })
    expect(await (await handle(request())).text()).toBe('one two')
    expect(await (await handle(request())).text()).toBe('one two')
  })

  test.each([
    ['that is longer than what is kept', ['x'.repeat(10), 'x'], 'text/plain'],
    ['of events', ['data: 1\n\n'], 'text/event-stream; charset=utf-8'],
  ])('%s is sent before it ends, and not kept', async (_which, pieces, type) => {
    const problems: IdempotencyProblem[] = []
    const { body, end } = endless(pieces)
    const handle = guarded(() => new Response(body, { headers: { 'content-type': type } }), {
      maxBody: 10,
      onProblem: (problem) => problems.push(problem),
    })
    const response = await handle(request())
    expect((await handle(request())).status).toBe(410)
    expect(problems.map((problem) => problem.type)).toEqual(['response-not-stored'])
    end()
    expect(await response.text()).toBe(pieces.join(''))
  })
})

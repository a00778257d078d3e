import { EventEmitter } from 'node:events'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { reasonOf } from '../../packages/shared/src/arguments/read-argument.js'
import { classify } from '../../packages/shared/src/dialects/sqlite/error-codes.js'
import { unloadablePackage } from '../../packages/shared/src/dialects/sqlite/front-end/unloadable-package.js'
import { EngineThread } from '../../packages/shared/src/dialects/sqlite/thread/engine-thread.js'
import { typedError } from '../../packages/shared/src/dialects/sqlite/thread/typed-error.js'
import { errorForm, errorOf } from '../../packages/shared/src/errors/error-form.js'

// Jest and the pools `vmThreads` and `vmForks` of vitest run an app in a realm of its own, and errors of Node are of another one.
function foreign(message: string, members: object = {}): unknown {
  const error: unknown = Object.assign(runInNewContext('new Error(message)', { message }) as object, members)
  expect(error).not.toBeInstanceOf(Error)
  return error
}

test('an error of the file system has the code and the advice that it has in its own realm', () => {
  for (const [system, code] of [
    ['ENOSPC', 'DISK_FULL'],
    ['EROFS', 'READ_ONLY'],
    ['ENOENT', 'CANNOT_OPEN'],
  ] as const) {
    const error = typedError(foreign(`${system}: failed, open`, { code: system, syscall: 'open' }), 'backup')
    expect(error).toMatchObject({ code, message: expect.stringMatching(/^backup: .*\(.*: failed, open\)$/) })
  }
})

test('an error keeps its code and message on its way to another thread or process', () => {
  const cause = foreign('the reason', { code: 'ECONNREFUSED', errno: -111 })
  const error = foreign('the failure', { code: 'E_APP', cause })
  expect(errorOf(errorForm(error))).toMatchObject({
    code: 'E_APP',
    message: 'the failure',
    cause: { code: 'ECONNREFUSED', errno: -111, message: 'the reason' },
  })
})

test('messages that quote an error quote its message', async () => {
  expect(classify(foreign('no such table: a'), 'fenced').message).toBe('fenced: no such table: a')
  expect(reasonOf(foreign('the getter failed'))).toBe('the getter failed')
  expect(unloadablePackage('sqlite3', foreign('no bindings'))).toContain('(no bindings)')
  const nothing = (): undefined => undefined
  const worker = Object.assign(new EventEmitter(), { postMessage: nothing, ref: nothing, unref: nothing })
  const order = { engine: 'node:sqlite', job: 'backup', input: undefined }
  const { result } = new EngineThread(() => worker, order)
  worker.emit('error', foreign('no such module'))
  worker.emit('exit', 1)
  await expect(result).rejects.toThrow('(no such module)')
})

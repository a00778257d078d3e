import assert from 'node:assert/strict'
import type { Checkpoint, CheckpointProvider } from '@go-go-scope/persistence-core/ports'
import { type PortSuite, portSuite } from '../suite.js'
import { withoutUndefined } from '../without-undefined.js'

function checkpoint(taskId: string, sequence: number, more: Partial<Checkpoint> = {}): Checkpoint {
  const timestamp = 1_767_225_600_000 + sequence
  return { id: `${taskId}-${timestamp}-${sequence}`, taskId, sequence, timestamp, progress: 0, data: null, ...more }
}

async function sequences(port: CheckpointProvider, taskId: string): Promise<number[]> {
  return (await port.list(taskId)).map(({ sequence }) => sequence)
}

async function saveAll(port: CheckpointProvider, taskId: string, order: readonly number[]): Promise<void> {
  for (const sequence of order) await port.save(checkpoint(taskId, sequence))
}

export const checkpointPort: PortSuite = portSuite('checkpoint', 'checkpoint port', (check) => {
  check('without a checkpoint, load returns undefined and list is empty', async ({ port }) => {
    assert.equal(await port.loadLatest('task'), undefined)
    assert.equal(await port.load('id'), undefined)
    assert.deepEqual(await port.list('task'), [])
  })

  check('a checkpoint comes back as it was saved, by id, as the latest and in the list', async ({ port }) => {
    const saved = checkpoint('task', 1, { progress: 33.25, data: { at: 7 }, estimatedTimeRemaining: 1_250 })
    await port.save(saved)
    assert.deepEqual(await port.load(saved.id), saved)
    assert.deepEqual(await port.loadLatest('task'), saved)
    assert.deepEqual(await port.list('task'), [saved])
  })

  check('an estimate that was never given is absent', async ({ port }) => {
    const saved = checkpoint('task', 1)
    await port.save(saved)
    assert.deepEqual(withoutUndefined(await port.load(saved.id)), saved)
  })

  check('progress keeps its fraction', async ({ port }) => {
    for (const progress of [0, 0.1, 33.333333333333336, 99.99, 100]) {
      await port.save(checkpoint('task', 1, { progress }))
      assert.equal((await port.loadLatest('task'))?.progress, progress)
    }
  })

  check('data comes back deep-equal', async ({ port }) => {
    const values = [{ a: { b: [1, 2, { c: null }] } }, [], {}, 1.5, -0.001, true, false, null, 'text', '', [[[]]]]
    for (const data of values) {
      await port.save(checkpoint('task', 1, { data }))
      assert.deepEqual((await port.loadLatest('task'))?.data, data)
    }
  })

  check('the latest is the highest sequence, not the one saved last', async ({ port }) => {
    await port.save(checkpoint('task', 2, { timestamp: 5 }))
    await port.save(checkpoint('task', 10, { timestamp: 1 }))
    await port.save(checkpoint('task', 9, { timestamp: 9 }))
    assert.equal((await port.loadLatest('task'))?.sequence, 10)
  })

  check('the list ascends by sequence', async ({ port }) => {
    await saveAll(port, 'task', [3, 11, 1, 2, 20])
    assert.deepEqual(await sequences(port, 'task'), [1, 2, 3, 11, 20])
  })

  check('saving an id again replaces the whole row', async ({ port }) => {
    await port.save(checkpoint('task', 1, { id: 'same', progress: 50, data: 'old', estimatedTimeRemaining: 9 }))
    const replaced = checkpoint('other', 4, { id: 'same', progress: 60, data: 'new' })
    await port.save(replaced)
    assert.deepEqual(withoutUndefined(await port.load('same')), replaced)
    assert.deepEqual(await port.list('task'), [])
    assert.deepEqual(await sequences(port, 'other'), [4])
  })

  check('cleanup keeps the highest sequences', async ({ port }) => {
    await saveAll(port, 'task', [4, 10, 2, 9, 1])
    await port.cleanup('task', 2)
    assert.deepEqual(await sequences(port, 'task'), [9, 10])
  })

  check('cleanup that keeps more than there are removes nothing', async ({ port }) => {
    await saveAll(port, 'task', [1, 2, 3])
    await port.cleanup('task', 3)
    await port.cleanup('task', 1_000)
    assert.deepEqual(await sequences(port, 'task'), [1, 2, 3])
    await port.cleanup('nobody', 1)
  })

  check('cleanup that keeps 0 keeps none', async ({ port }) => {
    await saveAll(port, 'task', [1, 2])
    await port.cleanup('task', 0)
    assert.deepEqual(await port.list('task'), [])
  })

  check('deleteAll removes all of one task', async ({ port }) => {
    await saveAll(port, 'task', [1, 2])
    await port.deleteAll('task')
    await port.deleteAll('task')
    assert.equal(await port.loadLatest('task'), undefined)
    assert.equal(await port.load(checkpoint('task', 1).id), undefined)
  })

  check('tasks are isolated', async ({ port }) => {
    await saveAll(port, 'a', [1, 2, 3])
    await saveAll(port, 'ab', [5, 6])
    await port.cleanup('a', 1)
    assert.deepEqual(await sequences(port, 'ab'), [5, 6])
    assert.equal((await port.loadLatest('a'))?.sequence, 3)
    await port.deleteAll('a')
    assert.equal((await port.loadLatest('ab'))?.sequence, 6)
    assert.deepEqual(await port.list('a'), [])
  })
})

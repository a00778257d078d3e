import assert from 'node:assert/strict'
import { trial as cacheGet } from '../trials/cache-get.mjs'
import { trial as cacheSet } from '../trials/cache-set.mjs'
import { checkLatest, checkpointAt, fillCheckpoints, taskAt } from '../trials/checkpoints.mjs'
import { trial as lock } from '../trials/lock.mjs'

const ROUNDS = 3
const TASKS = 1024
const BREAKER = 'api'
// Never reached.
const THRESHOLD = 1_000_000_000

/** The trials on a server, by name. */
export const trials = {
  'cache-get': cacheGet,
  'cache-set': cacheSet,
  lock,
  'lock-apart': { ...lock, title: `${lock.title}, on 16 connections` },
  'record-failure': {
    title: 'circuit breaker recordFailure, on one key',
    async check({ breaker }) {
      const counts = await Promise.all(Array.from({ length: 100 }, () => breaker.recordFailure(BREAKER, THRESHOLD)))
      assert.deepEqual(
        counts.sort((one, other) => one - other),
        Array.from({ length: 100 }, (_, at) => at + 1),
      )
    },
    one:
      ({ breaker }) =>
      () =>
        breaker.recordFailure(BREAKER, THRESHOLD),
  },
  'checkpoint-save': {
    title: 'checkpoint save',
    fill: (store) => fillCheckpoints(store, ROUNDS),
    check: (store) => checkLatest(store, ROUNDS),
    one({ checkpoint }) {
      let saved = ROUNDS * TASKS
      return () => checkpoint.save(checkpointAt(saved++))
    },
  },
  'checkpoint-load-latest': {
    title: 'checkpoint loadLatest',
    fill: (store) => fillCheckpoints(store, ROUNDS),
    check: (store) => checkLatest(store, ROUNDS),
    one:
      ({ checkpoint }) =>
      (index) =>
        checkpoint.loadLatest(taskAt(index)),
  },
}

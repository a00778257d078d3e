import { type CacheOfKeyv, Keyv5Store, KeyvStore } from '@go-go-scope/keyv'
import { Keyv } from 'keyv'
import { Keyv as Keyv5 } from 'keyv5'
import { afterAll, beforeAll, describe } from 'vitest'
import { type Place, proveCell, takePlace } from '../cell.js'
import { publishedSuite } from './published-suite.js'

proveCell()

let place: Place
let cache: CacheOfKeyv
beforeAll(async () => {
  place = await takePlace()
  cache = (await place.open()).cache
})
afterAll(() => place?.[Symbol.asyncDispose]())

describe("Keyv 5 passes Keyv's own suite", () => {
  publishedSuite(Keyv5, () => new Keyv5Store(cache), 42)
})

describe("Keyv 6 passes Keyv's own suite", () => {
  publishedSuite(Keyv, () => new KeyvStore(cache), 42, {
    '.deleteMany([keys]) with nonexistent keys resolves to false': 'Keyv 6 answers for each key',
    'value can be BigInt using other serializer/deserializer': 'it sets options of the store that Keyv 6 has no more',
  })
})

import type { AdapterUnderTest } from './engine-under-test.js'

export interface LoadUnderWay {
  /** Has the load give `value`; answers what its caller got. */
  endWith(value: string): Promise<string>
}

/** A load of `key` that has begun and goes on until it is told its value. */
export async function loadUnderWay(cache: AdapterUnderTest['cache'], key: string, ttl?: number): Promise<LoadUnderWay> {
  let end: (value: string) => void = () => undefined
  let answer: Promise<string> = Promise.resolve('')
  await new Promise<void>((begun) => {
    answer = cache.getOrSet(
      key,
      () => {
        begun()
        return new Promise<string>((resolve) => {
          end = resolve
        })
      },
      ttl === undefined ? {} : { ttl },
    )
  })
  return {
    async endWith(value: string): Promise<string> {
      end(value)
      return answer
    },
  }
}

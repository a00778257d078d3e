/** This repository's adapter on the engine's front end. */
export async function open({ engine, path, storage }) {
  const adapter = await engine.openAdapter(path, storage === 'memory' ? {} : { durability: storage })
  return { ...portsOf(adapter), adapter }
}

function portsOf({ cache, circuitBreaker, idempotency, checkpoint, lock }) {
  return { cache, breaker: circuitBreaker, idempotency, checkpoint, lock }
}

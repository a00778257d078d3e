import { connectRemote } from '@go-go-scope/persistence-core/remote'

// A child that does one thing and returns: nothing but that keeps it alive.
const [, , what] = process.argv
const adapter = await connectRemote(process)
if (what === 'get') await adapter.cache.get('k')
// Not awaited: a write that is out keeps the process until it is answered.
else void adapter.cache.set('k', what)

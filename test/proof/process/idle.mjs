// idle.mjs: does nothing, and has no orders for it.
import { takeOrders } from '@go-go-scope/persistence-conformance/process'

await takeOrders(async () => undefined)

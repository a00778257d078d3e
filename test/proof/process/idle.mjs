// idle.mjs: does nothing and takes no orders.
import { takeOrders } from '@go-go-scope/persistence-conformance/process'

await takeOrders(async () => undefined)

import { startServer } from '../postgres/server/start-server.mjs'

const server = await startServer()
process.stdout.write(JSON.stringify({ url: server.url, pid: server.pid, folder: server.folder }))
setInterval(() => undefined, 60_000)

import '@go-go-scope/persistence-sqlite-node/thread'

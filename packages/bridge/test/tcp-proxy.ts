import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A relay with an address that stays, in front of a server whose address changes or whose answers are to be changed. */
export interface TcpProxy {
  readonly port: number
  /** Where new connections go. */
  target: number
  /** True while what servers say is kept from clients, as on a network that has gone silent. */
  silent: boolean
  stop(): Promise<void>
}

/** Starts a relay. `change` sees each chunk from the server, with how many came before on the same connection. */
export async function startTcpProxy(target: number, change: (chunk: Buffer, before: number) => Buffer = (chunk) => chunk): Promise<TcpProxy> {
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(proxy.target, '127.0.0.1')
    open.add(client)
    let chunks = 0
    client.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => {
      const said = change(chunk, chunks++)
      if (!proxy.silent) client.write(said)
    })
    for (const [from, to] of [[client, upstream], [upstream, client]] as const) {
      from.on('error', () => to.destroy())
      from.on('close', () => { to.destroy(); open.delete(client) })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    target,
    silent: false,
    async stop() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}

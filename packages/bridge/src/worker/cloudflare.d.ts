/** What is used of the modules that workerd itself provides, as its documentation has them. */
declare module 'cloudflare:workers' {
  /** Keeps the request that runs now alive until `promise` settles. */
  export function waitUntil(promise: Promise<unknown>): void
}

declare module 'cloudflare:sockets' {
  export interface Socket {
    readonly readable: ReadableStream<Uint8Array>
    readonly writable: WritableStream<Uint8Array>
    /** Resolves when the socket is closed by both, rejects when the connection breaks. */
    readonly closed: Promise<void>
    readonly opened: Promise<unknown>
    close(): Promise<void>
    /** The same connection with TLS from here on; its certificate must be one that the public trusts. */
    startTls(): Socket
  }

  export function connect(
    address: { readonly hostname: string; readonly port: number },
    options?: { readonly secureTransport?: 'off' | 'on' | 'starttls'; readonly allowHalfOpen?: boolean },
  ): Socket
}

/** The Cache API of the data centre. */
declare const caches: {
  readonly default: {
    match(url: string): Promise<Response | undefined>
    put(url: string, response: Response): Promise<void>
  }
}

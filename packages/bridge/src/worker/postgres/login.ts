import type { Socket } from 'cloudflare:sockets'
import { createHash } from 'node:crypto'
import { Buffer } from 'node:buffer'
import { WireConnection } from '../../database/postgres/wire/connection.ts'
import { IncomingMessages } from '../../database/postgres/wire/incoming.ts'
import type { Login } from '../../database/postgres/wire/login.ts'
import { readError } from '../../database/postgres/wire/server-messages.ts'
import { MECHANISM, ScramLogin } from './scram.ts'
import { type Connect, SocketStream } from './socket.ts'
import type { PostgresTarget } from './target.ts'

/** How long connecting may take, in milliseconds. */
const CONNECT_TIMEOUT = 5_000

/** Protocol version 3.0; and the codes that stand in its place in other first messages (manual, "Message Formats"). */
const PROTOCOL = 196_608
const SSL_REQUEST = 80_877_103
const CANCEL_REQUEST = 80_877_102

/**
 * Connects and logs in: by SCRAM-SHA-256, MD5, or a password in the clear where nobody can listen.
 *
 * @throws ServerError, or Error with a message for the log.
 */
export async function login(target: PostgresTarget, connect: Connect): Promise<Login> {
  const given: { stream?: SocketStream; over?: true } = {}
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the server does not answer')), CONNECT_TIMEOUT)
  })
  const opening = openStream(target, connect).then((stream) => {
    given.stream = stream
    if (given.over) stream.destroy()
    return introduce(stream, target)
  })
  try {
    const { processId, secretKey } = await Promise.race([opening, late])
    const stream = given.stream as SocketStream
    stream.removeDataListeners()
    return {
      wire: new WireConnection(stream), processId,
      cancel: (timeout) => requestCancel(target, connect, [processId, secretKey], timeout),
    }
  } catch (error) {
    given.over = true
    given.stream?.destroy()
    opening.catch(() => {})
    throw error
  } finally {
    clearTimeout(timer)
  }
}

async function openStream(target: PostgresTarget, connect: Connect): Promise<SocketStream> {
  return new SocketStream(await openSocket(target, connect))
}

async function openSocket({ hostname, port, tls }: PostgresTarget, connect: Connect): Promise<Socket> {
  const socket = connect({ hostname, port }, { secureTransport: tls ? 'starttls' : 'off', allowHalfOpen: false })
  if (!tls) return socket
  const writer = socket.writable.getWriter()
  await writer.write(integers(8, SSL_REQUEST))
  writer.releaseLock()
  const reader = socket.readable.getReader()
  const { value } = await reader.read()
  reader.releaseLock()
  // One byte and no more: what came with it was not sent by the server, but by whoever is between (CVE-2021-23222).
  if (value?.length === 1 && value[0] === 0x53) return socket.startTls()
  await socket.close().catch(() => {})
  throw new Error('the server does not support TLS, which the URL asks for')
}

interface BackendKey {
  readonly processId: number
  readonly secretKey: number
}

/** Says who we are, proves it, and waits until the server is ready. */
function introduce(stream: SocketStream, target: PostgresTarget): Promise<BackendKey> {
  return new Promise((resolve, reject) => {
    let key: BackendKey = { processId: 0, secretKey: 0 }
    const authentication = new Authentication(target)
    const messages = new IncomingMessages((type, bytes, from, to) => {
      switch (type) {
        case 0x52: // Authentication…
          try {
            const answer = authentication.answer(bytes.readInt32BE(from), bytes.subarray(from + 4, to))
            if (answer !== undefined) stream.write(answer)
          } catch (error) {
            reject(error as Error)
          }
          break
        case 0x4b: // BackendKeyData
          key = { processId: bytes.readInt32BE(from), secretKey: bytes.readInt32BE(from + 4) }
          break
        case 0x45: // ErrorResponse
          reject(readError(bytes, from))
          break
        case 0x5a: // ReadyForQuery
          if (authentication.isDone) resolve(key)
          else reject(new Error('the server let us in without knowing the password'))
          break
      }
    })
    stream.on('data', (chunk: Buffer) => messages.push(chunk))
    stream.on('error', (error: unknown) => reject(error as Error))
    stream.on('close', () => reject(new Error('the server closed the connection')))
    stream.write(startup(target))
  })
}

/** Answers what the server asks for as a proof. */
class Authentication {
  #scram: ScramLogin | undefined
  #verified = true

  constructor(private readonly target: PostgresTarget) {}

  /** False while the server still owes its own proof. */
  get isDone(): boolean {
    return this.#verified
  }

  /** @throws Error for what we cannot, or would not, answer. */
  answer(request: number, data: Buffer): Buffer | undefined {
    switch (request) {
      case 0: return undefined
      case 3: return passwordMessage(`${this.#plainPassword()}\0`)
      case 5: return passwordMessage(`${md5Proof(this.target.user, this.#password(), data)}\0`)
      case 10: return this.#beginScram(data)
      case 11: return passwordMessage(this.#running().final(data.toString('utf8')))
      case 12:
        this.#running().verify(data.toString('utf8'))
        this.#verified = true
        return undefined
      default: throw new Error(`the server asks for a login that is not supported (${request})`)
    }
  }

  #beginScram(mechanisms: Buffer): Buffer {
    if (!mechanisms.toString('latin1').split('\0').includes(MECHANISM)) throw new Error('the server does not offer SCRAM-SHA-256')
    this.#verified = false
    this.#scram = new ScramLogin(this.#password())
    const first = Buffer.from(this.#scram.first())
    return passwordMessage(Buffer.concat([Buffer.from(`${MECHANISM}\0`), integers(first.length), first]))
  }

  #running(): ScramLogin {
    if (this.#scram === undefined) throw new Error('the server goes on with a login that nobody began')
    return this.#scram
  }

  #password(): string {
    if (this.target.password === undefined) throw new Error('the server asks for a password, and the URL has none')
    return this.target.password
  }

  #plainPassword(): string {
    if (!this.target.isPrivate) throw new Error('the server asks for the password in the clear; add sslmode=require to the URL')
    return this.#password()
  }
}

function startup({ user, database, options }: PostgresTarget): Buffer {
  const settings = { user, database, client_encoding: 'UTF8', application_name: 'santokit', ...(options === undefined ? {} : { options }) }
  const text = Buffer.from(`${Object.entries(settings).map(([name, value]) => `${name}\0${value}\0`).join('')}\0`)
  return Buffer.concat([integers(text.length + 8, PROTOCOL), text])
}

/** Also what carries the steps of SASL. */
function passwordMessage(content: Buffer | string): Buffer {
  const body = Buffer.from(content)
  return Buffer.concat([Buffer.from('p'), integers(body.length + 4), body])
}

function md5Proof(user: string, password: string, salt: Buffer): string {
  const md5 = (content: Buffer): string => createHash('md5').update(content).digest('hex')
  return `md5${md5(Buffer.concat([Buffer.from(md5(Buffer.from(password + user))), salt]))}`
}

/** Asks over a connection of its own, and needs no login (manual, "Canceling Requests in Progress"). */
async function requestCancel(target: PostgresTarget, connect: Connect, key: readonly [number, number], timeout: number): Promise<void> {
  // A pooler made the key up.
  if (key[0] === 0) return
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => { timer = setTimeout(resolve, timeout) })
  await Promise.race([sendCancel(target, connect, key).catch(() => {}), late])
  clearTimeout(timer)
}

/** The server closes the connection once the signal is sent: only then is the next statement safe from it. */
async function sendCancel(target: PostgresTarget, connect: Connect, key: readonly [number, number]): Promise<void> {
  const socket = await openSocket(target, connect)
  const writer = socket.writable.getWriter()
  await writer.write(integers(16, CANCEL_REQUEST, ...key))
  const reader = socket.readable.getReader()
  while (!(await reader.read()).done) { /* until its end */ }
  await socket.close()
}

function integers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, at) => bytes.writeInt32BE(value, at * 4))
  return bytes
}

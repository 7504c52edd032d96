import { expect, onTestFinished, test, vi } from 'vitest'
import type { BootError } from '../boot-error.ts'
import { download } from './download.ts'

type Answer = Response | Error

/** Answers one request after another, and remembers where they went. */
function network(...answers: Answer[]): { send: (url: URL) => Promise<Response>; readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    async send(url) {
      asked.push(url.href)
      const answer = answers.shift() ?? new Error('Asked too often.')
      if (answer instanceof Error) throw answer
      return answer
    },
  }
}

const redirect = (to: string): Response => new Response(null, { status: 302, headers: { location: to } })
const options = { maxBytes: 1000, backOff: 0 }

async function refusal(url: string, ...answers: Answer[]): Promise<BootError> {
  return download(new URL(url), { ...options, ...network(...answers) }).then(() => { throw new Error('It was had.') }, (error: BootError) => error)
}

test('an answer that may pass is asked for again', async () => {
  const { send, asked } = network(new Error('ECONNRESET'), new Response(null, { status: 503 }), new Response(null, { status: 429 }), new Response('bytes'))
  expect(Buffer.from(await download(new URL('https://host/b'), { ...options, send })).toString()).toBe('bytes')
  expect(asked).toHaveLength(4)
})

test('an attempt that gets no answer within a minute is given up, and made again', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  let attempts = 0
  const send = (_url: URL, signal: AbortSignal): Promise<Response> => new Promise((resolve, reject) => {
    if (++attempts === 2) resolve(new Response('bytes'))
    else signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
  const had = download(new URL('https://host/b'), { ...options, send })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(Buffer.from(await had).toString()).toBe('bytes')
})

test('after four attempts it is given up', async () => {
  const down = (): Response => new Response(null, { status: 502 })
  const error = await refusal('https://host/b', down(), down(), down(), down())
  expect(error).toMatchObject({ code: 'bundle_unreachable', why: expect.stringContaining('HTTP 502') as string })
})

test('an answer that will not change is not asked for again', async () => {
  expect(await refusal('https://host/b?token=hidden', new Response(null, { status: 403 }))).toMatchObject({
    code: 'bundle_unreachable', why: 'The bundle cannot be had from https://host/b. It answers 403.',
  })
})

test('redirects are followed to https, relative ones too', async () => {
  const { send, asked } = network(redirect('/c'), redirect('https://other/d'), new Response('bytes'))
  await download(new URL('https://host/b'), { ...options, send })
  expect(asked).toEqual(['https://host/b', 'https://host/c', 'https://other/d'])
})

test('a redirect out of https, into this machine, or without end is refused', async () => {
  expect(await refusal('https://host/b', redirect('http://host/b'))).toMatchObject({ code: 'bad_setting' })
  expect(await refusal('https://host/b', redirect('http://127.0.0.1/b'))).toMatchObject({ code: 'bad_setting' })
  expect(await refusal('https://host/b', redirect('file:///etc/passwd'))).toMatchObject({ code: 'bad_setting' })
  const again = (): Response => redirect('https://host/b')
  expect(await refusal('https://host/b', again(), again(), again(), again(), again(), again())).toMatchObject({ code: 'bundle_unreachable' })
})

test('plain http is for this machine only', async () => {
  expect(await refusal('http://host/b')).toMatchObject({ code: 'bad_setting' })
  expect(await refusal('http://127.0.0.1.evil.example/b')).toMatchObject({ code: 'bad_setting' })
  const { send } = network(new Response('bytes'))
  await expect(download(new URL('http://localhost/b'), { ...options, send })).resolves.toBeDefined()
})

test('a body past the bound is cut while it arrives', async () => {
  expect(await refusal('https://host/b', new Response('x'.repeat(1001)))).toMatchObject({ code: 'bundle_too_large' })
})

test('credentials in the address are refused and not shown', async () => {
  for (const url of ['https://user:hunter2@host/b', 'https://hunter2@host/b']) {
    const error = await refusal(url)
    expect(error).toMatchObject({ code: 'bad_setting' })
    expect(JSON.stringify([error.why, error.fix])).not.toContain('hunter2')
  }
  const led = await refusal('https://host/b', redirect('https://user:hunter2@host/c'))
  expect(led).toMatchObject({ code: 'bad_setting' })
  expect(led.why).not.toContain('hunter2')
})

test('a signed request stays with the host it is signed for', async () => {
  const { send, asked } = network(redirect('https://host/c'), redirect('https://other/d'), new Response('bytes'))
  await expect(download(new URL('https://host/b'), { ...options, send, sameHost: true })).rejects.toMatchObject({ code: 'bundle_unreachable' })
  expect(asked).toEqual(['https://host/b', 'https://host/c'])
})

test('a body that never ends is cut at its bound, however it comes', async () => {
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(300)) })
  expect(await refusal('https://host/b', new Response(endless))).toMatchObject({ code: 'bundle_too_large' })
})

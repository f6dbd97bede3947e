import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '@shared/problem'
import { Carrier, eitherWay, NotCarried, PIECE_BYTES, type Shot } from './carrying'

let sent: { head: Record<string, unknown>; piece: Uint8Array }[]
let open: boolean
let carrier: Carrier

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms)
const captured = (n: number) => ({ type: 'captured' as const, n, picture: 'a', next_in_s: 90 })
const next = (n: number, part: number) => ({ type: 'next_piece' as const, n, part })
const refused = (n: number, code: string, status: number) => ({ type: 'capture_refused' as const, n, code, status })

function shot(size = 40_000): Shot {
  const bytes = Uint8Array.from({ length: size }, (_, at) => at % 251)
  return { why: 'back', agoMs: 1_500.6, jpeg: new Blob([bytes]) }
}

/** What becomes of it: the picture's name, "another way", or the refusal's code. */
async function fate(of: Promise<{ picture: string }>): Promise<string> {
  try {
    return (await of).picture
  } catch (error) {
    return error instanceof NotCarried ? 'another way' : (error as Problem).code
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  sent = []
  open = true
  carrier = new Carrier((frame) => {
    if (!open) return false
    const end = frame.indexOf(10)
    sent.push({ head: JSON.parse(new TextDecoder().decode(frame.subarray(0, end))), piece: frame.slice(end + 1) })
    return true
  })
})
afterEach(() => vi.useRealTimers())

describe('a picture over the socket', () => {
  it('goes in pieces, each when the one before is there, and is whole', async () => {
    const kept = fate(carrier.carry(shot()))
    await settle()
    expect(sent.map((one) => one.head)).toEqual([{ n: 1, part: 0, parts: 3, why: 'back', ago_ms: 1_501, ask: true }])
    carrier.heard(next(1, 1))
    carrier.heard(next(1, 2))
    carrier.heard(captured(1))
    expect(await kept).toBe('a')
    expect(sent.map((one) => one.piece.length)).toEqual([PIECE_BYTES, PIECE_BYTES, 40_000 - 2 * PIECE_BYTES])
    const whole = await new Blob(sent.map((one) => one.piece as Uint8Array<ArrayBuffer>)).arrayBuffer()
    expect(new Uint8Array(whole)).toEqual(new Uint8Array(await shot().jpeg.arrayBuffer()))
  })

  it('goes all at once when the one before took no time, and not after one that did', async () => {
    const counts: number[] = []
    for (const takes of [100, 600, 100]) {
      sent = []
      const kept = fate(carrier.carry(shot()))
      await settle()
      counts.push(sent.length)
      expect(sent.every((one) => one.head.ask === (sent.length === 1))).toBe(true)
      await settle(takes)
      carrier.heard(captured(counts.length))
      await kept
    }
    expect(counts).toEqual([1, 3, 1])
  })

  it('is refused as over HTTP', async () => {
    const kept = carrier.carry(shot(10))
    const failed = expect(kept).rejects.toMatchObject({ code: 'too_many_captures', status: 429, passing: true })
    await settle()
    carrier.heard(refused(1, 'too_many_captures', 429))
    await failed
  })

  it('goes another way without a line, when it breaks, and while another is on its way', async () => {
    open = false
    expect(await fate(carrier.carry(shot()))).toBe('another way')
    open = true
    const first = fate(carrier.carry(shot()))
    await settle()
    expect(await fate(carrier.carry(shot()))).toBe('another way')
    carrier.broken()
    expect(await first).toBe('another way')
    const third = fate(carrier.carry(shot(10)))
    await settle()
    carrier.heard(captured(2)) // of the one before: its word was under way
    carrier.heard(captured(3))
    expect(await third).toBe('a')
  })

  it('goes another way when nobody says anything, and after the second time always', async () => {
    const fates: string[] = []
    for (let count = 0; count < 3; count += 1) {
      const one = fate(carrier.carry(shot())).then((said) => fates.push(said))
      await settle(count < 2 ? 20_000 : 0)
      await one
    }
    expect(fates).toEqual(['another way', 'another way', 'another way'])
    expect(sent).toHaveLength(2)
  })

  it('has patience for each piece, not for the whole', async () => {
    const kept = fate(carrier.carry(shot()))
    await settle(15_000)
    carrier.heard(next(1, 1))
    await settle(15_000)
    carrier.heard(next(1, 2))
    await settle(15_000)
    carrier.heard(captured(1))
    expect(await kept).toBe('a')
  })

  it('goes another way for good when the server does not know such frames', async () => {
    for (const unknown of [() => carrier.heard(refused(0, 'wrong_shape', 400)), () => carrier.broken(true)]) {
      carrier = new Carrier(() => sent.push({ head: {}, piece: new Uint8Array() }) > 0)
      sent = []
      const first = fate(carrier.carry(shot()))
      await settle()
      unknown()
      expect(await first).toBe('another way')
      expect(await fate(carrier.carry(shot()))).toBe('another way')
      expect(sent).toHaveLength(1)
    }
  })
})

describe('either way', () => {
  const kept = { picture: 'b', next_in_s: 60 }

  it('is the socket while it works, and its refusals count', async () => {
    const post = vi.fn(async () => kept)
    expect(await eitherWay(async () => ({ ...kept, picture: 'a' }), post)).toEqual({ ...kept, picture: 'a' })
    const refusal = new Problem('no_consent', 409)
    await expect(eitherWay(() => Promise.reject(refusal), post)).rejects.toBe(refusal)
    expect(post).not.toHaveBeenCalled()
  })

  it('else is HTTP, which is told how much time was lost', async () => {
    const post = vi.fn(async () => kept)
    const slow = async (): Promise<never> => {
      await new Promise((resolve) => setTimeout(resolve, 20_000))
      throw new NotCarried()
    }
    const done = eitherWay(slow, post)
    await settle(20_000)
    expect(await done).toEqual(kept)
    expect(post).toHaveBeenCalledWith(20_000)
  })
})

import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '@shared/problem'
import { Captures, KEPT_MAX, type CaptureWhy } from './captures'
import { openWatchShelf } from './watch-shelf'

let sent: { why: CaptureWhy; ago: number; at: number; text: string }[]
let failure: Problem | null
let free: boolean
let picture: Blob | null
const made: Captures[] = []

function page(): Captures {
  const captures = new Captures(1, {
    shelf: openWatchShelf(),
    shoot: async () => picture,
    send: async (why, ago, jpeg) => {
      if (failure) throw failure
      sent.push({ why, ago, at: Date.now(), text: await jpeg.text() })
      return { picture: 'a', next_in_s: 90 }
    },
    mayGo: () => free,
  })
  made.push(captures)
  return captures
}

const settle = (ms: number) => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory()
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  sent = []
  failure = null
  free = true
  picture = new Blob(['jpeg'], { type: 'image/jpeg' })
})
afterEach(() => {
  made.splice(0).forEach((captures) => captures.close())
  vi.useRealTimers()
})

describe('captures', () => {
  it('are taken when the server said, and each answer says when the next is due', async () => {
    page().begin(60)
    await settle(59_000)
    expect(sent).toEqual([])
    await settle(2_000)
    expect(sent).toMatchObject([{ why: 'interval', text: 'jpeg' }])
    await settle(91_000)
    expect(sent).toHaveLength(2)
  })

  it('wait while an answer is on its way', async () => {
    free = false
    const captures = page()
    await captures.take('back')
    await settle(5_000)
    expect(sent).toEqual([])
    free = true
    await settle(1_000)
    expect(sent).toMatchObject([{ why: 'back' }])
    expect(sent[0]?.ago).toBeGreaterThan(5_000)
  })

  it('are kept while the server is away, and say how old they are when they go', async () => {
    failure = new Problem('no_network', 0)
    const captures = page()
    await captures.take('start')
    await settle(20_000)
    failure = null
    await settle(6_000)
    expect(sent).toHaveLength(1)
    expect(sent[0]?.ago).toBe(sent[0]?.at)
    expect(captures.waiting).toBe(0)
  })

  it('go on being taken at the last pace while the server is away, the newest ones kept', async () => {
    failure = new Problem('try_again', 503)
    const captures = page()
    captures.begin(10)
    await settle(10_000 * (KEPT_MAX + 5) + 500)
    expect(captures.waiting).toBe(KEPT_MAX)
    failure = null
    free = false
    captures.stop()
    const kept = await openWatchShelf().captures(1)
    expect(kept).toHaveLength(KEPT_MAX)
    expect(Math.min(...kept.map((one) => one.at_ms))).toBe(60_000)
  })

  it('are never sent closer together than the server takes them', async () => {
    const captures = page()
    await captures.take('start')
    await captures.take('back')
    await captures.take('hand_in')
    await settle(10_000)
    expect(sent.map((one) => one.why)).toEqual(['start', 'back', 'hand_in'])
    const apart = sent.slice(1).map((one, index) => one.at - (sent[index]?.at ?? 0))
    expect(Math.min(...apart)).toBeGreaterThan(1_000)
  })

  it('that the server will never take are dropped, and the next one goes', async () => {
    failure = new Problem('picture_broken', 400)
    const captures = page()
    await captures.take('start')
    await settle(100)
    failure = null
    await captures.take('back')
    await settle(3_000)
    expect(sent).toMatchObject([{ why: 'back' }])
    expect(await openWatchShelf().captures(1)).toEqual([])
  })

  it('of an earlier page are sent by the next one', async () => {
    free = false
    const first = page()
    await first.take('interval')
    await settle(10)
    first.close()
    free = true
    await settle(1_000)
    const second = page()
    await second.load()
    await settle(100)
    expect(sent).toMatchObject([{ why: 'interval', text: 'jpeg' }])
    expect(sent[0]?.ago).toBeGreaterThanOrEqual(1_000)
  })

  it('are looked for again soon when the camera had nothing to give', async () => {
    picture = null
    const captures = page()
    captures.begin(60)
    await settle(61_000)
    picture = new Blob(['late'])
    await settle(10_500)
    expect(sent).toMatchObject([{ why: 'interval', text: 'late' }])
  })

  it('can be waited for, but never while the line is gone', async () => {
    const captures = page()
    await captures.take('hand_in')
    let done = false
    void captures.sent().then(() => (done = true))
    await settle(200)
    expect([done, sent.length]).toEqual([true, 1])
    free = false
    await captures.take('hand_in')
    done = false
    void captures.sent().then(() => (done = true))
    await settle(10)
    expect([done, sent.length]).toEqual([true, 1])
  })

  it('stop with the exam', async () => {
    const captures = page()
    captures.begin(60)
    await captures.take('hand_in')
    captures.stop()
    await settle(200_000)
    expect(sent).toMatchObject([{ why: 'hand_in' }])
  })
})

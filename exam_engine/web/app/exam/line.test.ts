import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DeviceCommand, FrameDown } from '@shared/frames'
import { Problem } from '@shared/problem'
import type { BatchOutcome } from '@shared/shapes'
import { NotCarried } from './carrying'
import { Line, type LineState } from './line'

class FakeSocket {
  static all: FakeSocket[] = []
  readyState = 0
  sent: (string | Uint8Array)[] = []
  onopen: (() => void) | null = null
  onmessage: ((message: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  constructor() {
    FakeSocket.all.push(this)
  }
  send(frame: string | Uint8Array): void {
    this.sent.push(frame)
  }
  close(): void {
    this.readyState = 3
  }
  opens(): void {
    this.readyState = 1
    this.onopen?.()
  }
  says(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  dies(): void {
    this.readyState = 3
    this.onclose?.()
  }
}

const welcome = { type: 'welcome', view: null, version: 3, last_seq: 0, clock: null }
const outcome: BatchOutcome = { results: [], events: [], version: 3, last_seq: 0, clock: null }
const newest = (): FakeSocket => FakeSocket.all[FakeSocket.all.length - 1] as FakeSocket

function aLine(post: () => Promise<BatchOutcome> = async () => outcome) {
  const seen = {
    states: [] as LineState[],
    frames: [] as FrameDown[],
    broken: 0,
    over: null as Problem | null,
    queue: [] as DeviceCommand[],
    posts: [] as DeviceCommand[][],
  }
  const line = new Line(
    'device-1',
    'ws://here/live',
    async (_since, commands) => {
      seen.posts.push(commands)
      return post()
    },
    {
      since: () => 3,
      take: () => seen.queue.splice(0),
      frame: (frame) => seen.frames.push(frame),
      state: (state) => seen.states.push(state),
      broken: () => (seen.broken += 1),
      stale: () => undefined,
      over: (problem) => (seen.over = problem),
    },
    { make: () => new FakeSocket() as unknown as WebSocket, random: () => 0 },
  )
  line.open()
  return { line, seen }
}

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.all = []
})
afterEach(() => vi.useRealTimers())

describe('a line', () => {
  it('tells at once how far it is when the desk has done something', () => {
    const { line } = aLine()
    newest().opens()
    newest().says(welcome)
    const before = newest().sent.length
    newest().says({
      type: 'told',
      version: 3,
      at: '2026-11-22T09:00:00Z',
      clock: { remaining_ms: 1000, ticking: true },
      event: { type: 'extended', seconds: 600, reason: 'x', deadline_at: '2026-11-22T10:00:00Z', by: 1 },
    })
    expect(newest().sent.slice(before)).toEqual([JSON.stringify({ type: 'ping', have: 3 })])
    line.close()
  })

  it('says hello, is up with the welcome, and then sends what waits', () => {
    const { line, seen } = aLine()
    seen.queue.push({ type: 'start', paper: true })
    newest().opens()
    expect(newest().sent).toEqual(['{"type":"hello","device":"device-1","since":3}'])
    newest().says(welcome)
    expect(seen.states).toEqual(['socket'])
    expect(newest().sent[1]).toBe('{"type":"start","paper":true}')
    line.close()
  })

  it('carries a picture piece by piece, and an answer goes between two of them', async () => {
    const { line, seen } = aLine()
    newest().opens()
    newest().says(welcome)
    const jpeg = new Blob([new Uint8Array(20_000)])
    const kept = line.carry({ why: 'interval', agoMs: 0, jpeg })
    await vi.advanceTimersByTimeAsync(10)
    seen.queue.push({ type: 'answer', seq: 1, no: 1, choice: 'b' })
    line.kick()
    newest().says({ type: 'next_piece', n: 1, part: 1 })
    expect(newest().sent.slice(1).map((one) => (typeof one === 'string' ? 'answer' : 'piece'))).toEqual([
      'piece',
      'answer',
      'piece',
    ])
    newest().says({ type: 'captured', n: 1, picture: 'a', next_in_s: 90 })
    expect(await kept).toEqual({ picture: 'a', next_in_s: 90 })
    expect(seen.frames.map((frame) => frame.type)).toEqual(['welcome'])
    line.close()
  })

  it('carries no picture without its socket, and gives one back when it breaks', async () => {
    const { line } = aLine()
    const shot = { why: 'interval' as const, agoMs: 0, jpeg: new Blob(['x']) }
    await expect(line.carry(shot)).rejects.toBeInstanceOf(NotCarried)
    newest().opens()
    newest().says(welcome)
    const carried = line.carry(shot)
    const failed = expect(carried).rejects.toBeInstanceOf(NotCarried)
    await vi.advanceTimersByTimeAsync(10)
    newest().dies()
    await failed
    line.close()
  })

  it('falls back to HTTP when the socket cannot be had, and returns to it', async () => {
    const { line, seen } = aLine()
    newest().dies()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(seen.states).toContain('http')
    seen.queue.push({ type: 'start', paper: true })
    line.kick()
    await vi.advanceTimersByTimeAsync(10)
    expect(seen.posts[seen.posts.length - 1]).toEqual([{ type: 'start', paper: true }])
    await vi.advanceTimersByTimeAsync(5_000)
    newest().opens()
    newest().says(welcome)
    expect(seen.states[seen.states.length - 1]).toBe('socket')
    const posts = seen.posts.length
    await vi.advanceTimersByTimeAsync(20_000)
    expect(seen.posts).toHaveLength(posts)
    line.close()
  })

  it('brings the paper over HTTP as the socket would', async () => {
    const paper = { attempt_id: 1, items: [] }
    const { line, seen } = aLine(async () => ({ ...outcome, paper }))
    newest().dies()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(seen.frames[0]).toEqual({ type: 'paper', ...paper })
    line.close()
  })

  it('says at once that what was under way may be lost', async () => {
    const { line, seen } = aLine()
    newest().opens()
    newest().says(welcome)
    newest().dies()
    expect(seen.broken).toBe(1)
    expect(seen.states[seen.states.length - 1]).toBe('connecting')
    line.close()
  })

  it('is down when neither way works, and gives up what it took every time', async () => {
    const { line, seen } = aLine(async () => {
      throw new Problem('no_network', 0)
    })
    newest().dies()
    await vi.advanceTimersByTimeAsync(30_000)
    expect(seen.states[seen.states.length - 1]).toBe('down')
    expect(seen.broken).toBe(seen.posts.length)
    line.close()
  })

  it('notices a line that is dead without saying so', async () => {
    const { line, seen } = aLine()
    newest().opens()
    newest().says(welcome)
    await vi.advanceTimersByTimeAsync(25_000 + 8_000 + 10)
    expect(seen.broken).toBe(1)
    line.close()
  })

  it('ends when nobody is logged in any more', async () => {
    const { line, seen } = aLine(async () => {
      throw new Problem('not_logged_in', 401)
    })
    newest().dies()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(seen.over?.code).toBe('not_logged_in')
    line.close()
  })

  it('waits as long as a restarting server asks', async () => {
    const { line } = aLine()
    newest().opens()
    newest().says(welcome)
    newest().says({ type: 'bye', code: 'restart', retry_after_ms: 3_000 })
    const sockets = FakeSocket.all.length
    await vi.advanceTimersByTimeAsync(2_900)
    expect(FakeSocket.all).toHaveLength(sockets)
    await vi.advanceTimersByTimeAsync(200)
    expect(FakeSocket.all).toHaveLength(sockets + 1)
    line.close()
  })

  it('tells the outcome of a batch as the frames the socket would have brought', async () => {
    const clock = { remaining_ms: 5, ticking: true }
    const { line, seen } = aLine(async () => ({
      results: [
        { result: 'saved', version: 5, seq: 1, code: '', facts: {} },
        { result: 'refused', version: 5, seq: 2, code: 'paused', facts: {} },
      ],
      events: [{ version: 4, at: '2026-01-01T00:00:00Z', event: { type: 'paused', reason: 'x', by: 1 } }],
      version: 5,
      last_seq: 1,
      clock,
    }))
    newest().dies()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(seen.frames.map((frame) => frame.type)).toEqual(['told', 'ack', 'rejected', 'pong'])
    line.close()
  })
})

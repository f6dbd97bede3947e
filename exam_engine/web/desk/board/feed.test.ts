import { Problem } from '@shared/problem'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { BoardSnapshot } from '../wire'
import { aTile } from '../testing/tile'
import { BoardFeed, PING_MS, POLL_MS, readFrame, SILENCE_MS, type Socket } from './feed'

class FakeSocket implements Socket {
  onmessage: Socket['onmessage'] = null
  onclose: Socket['onclose'] = null
  sent: string[] = []
  closed = false

  send(data: string): void {
    this.sent.push(data)
  }

  close(): void {
    this.closed = true
  }

  hear(frame: object): void {
    this.onmessage?.(new MessageEvent('message', { data: JSON.stringify(frame) }))
  }

  lose(): void {
    this.onclose?.(new Event('close') as CloseEvent)
  }
}

const board = (now = '2026-11-22T09:30:00Z'): BoardSnapshot => ({
  type: 'board',
  now,
  sitting_id: 1,
  tiles: [aTile()],
})

function desk(poll: () => Promise<BoardSnapshot> = async () => board()) {
  const sockets: FakeSocket[] = []
  const told: string[] = []
  let polls = 0
  const feed = new BoardFeed(
    {
      openSocket: () => {
        const socket = new FakeSocket()
        sockets.push(socket)
        return socket
      },
      poll: () => {
        polls += 1
        return poll()
      },
      random: () => 1,
    },
    {
      board: (tiles) => told.push(`board ${tiles.length}`),
      tiles: (tiles) => told.push(`tiles ${tiles.length}`),
      heard: () => undefined,
      line: (line) => told.push(line),
      ended: (code) => told.push(`ended ${code}`),
    },
  )
  feed.start()
  const last = (): FakeSocket => sockets[sockets.length - 1] as FakeSocket
  return { feed, sockets, told, last, polls: () => polls }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the feed of the board', () => {
  it('goes live with the first board and passes on what changes', () => {
    const { last, told } = desk()
    last().hear(board())
    last().hear({ type: 'tiles', now: '2026-11-22T09:30:01Z', tiles: [aTile(), aTile()] })
    expect(told).toEqual(['board 1', 'live', 'tiles 2'])
  })

  it('puts a board together that comes in parts', () => {
    const { last, told } = desk()
    last().hear({ type: 'part', tiles: [aTile(), aTile()] })
    last().hear({ type: 'part', tiles: [aTile(), aTile()] })
    expect(told).toEqual([])
    last().hear(board())
    last().hear(board())
    expect(told).toEqual(['board 5', 'live', 'board 1'])
  })

  it('begins anew with the parts on a new line', () => {
    const { feed, last, sockets, told } = desk()
    last().hear({ type: 'part', tiles: [aTile(), aTile()] })
    feed.again()
    last().hear(board())
    expect([sockets[0]?.closed, sockets.length, told]).toEqual([true, 2, ['board 1', 'live']])
  })

  it('asks anew when something else is to be shown, and not once it has ended', () => {
    const { feed, last, sockets, told } = desk()
    last().hear(board())
    feed.again()
    expect([sockets.length, sockets[0]?.closed]).toEqual([2, true])
    last().hear(board())
    feed.stop()
    feed.again()
    expect([sockets.length, told]).toEqual([2, ['board 1', 'live', 'board 1']])
  })

  it('pings, and takes a long silence for a lost line', async () => {
    const { last, sockets, told } = desk()
    last().hear(board())
    await vi.advanceTimersByTimeAsync(PING_MS)
    expect(last().sent).toEqual(['{"type":"ping"}'])
    await vi.advanceTimersByTimeAsync(SILENCE_MS)
    expect(sockets[0]?.closed).toBe(true)
    expect(told).toContain('polling')
  })

  it('a pong keeps the line', async () => {
    const { last, told } = desk()
    last().hear(board())
    for (let round = 0; round < 5; round += 1) {
      await vi.advanceTimersByTimeAsync(PING_MS)
      last().hear({ type: 'pong' })
    }
    expect(told).not.toContain('polling')
  })

  it('polls for as long as no socket can be had, and stops when one can', async () => {
    const { last, told, polls } = desk()
    last().lose()
    await vi.advanceTimersByTimeAsync(10)
    expect(told).toEqual(['polling', 'board 1'])
    await vi.advanceTimersByTimeAsync(POLL_MS + 10)
    const before = polls()
    expect(before).toBe(2)
    last().hear(board())
    expect(told[told.length - 1]).toBe('live')
    await vi.advanceTimersByTimeAsync(SILENCE_MS - 1)
    expect(polls()).toBe(before)
  })

  it('a board polled before the socket came back is not shown after it', async () => {
    let answer: (snapshot: BoardSnapshot) => void = () => undefined
    const { last, told, sockets } = desk(() => new Promise((done) => (answer = done)))
    last().lose()
    await vi.advanceTimersByTimeAsync(1_001)
    expect(sockets.length).toBe(2)
    last().hear(board())
    answer(board())
    await vi.advanceTimersByTimeAsync(10)
    expect(told).toEqual(['polling', 'board 1', 'live'])
  })

  it('waits longer after each failure', async () => {
    const { last, sockets } = desk()
    last().lose()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(sockets.length).toBe(2)
    last().lose()
    await vi.advanceTimersByTimeAsync(1_999)
    expect(sockets.length).toBe(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets.length).toBe(3)
  })

  it('comes back when the server said it would', async () => {
    const { last, sockets } = desk()
    last().hear(board())
    last().hear({ type: 'bye', code: 'restart', retry_after_ms: 8_000 })
    await vi.advanceTimersByTimeAsync(7_999)
    expect(sockets.length).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets.length).toBe(2)
  })

  it('ends when logged out, by the socket or by a poll', async () => {
    const one = desk()
    one.last().hear({ type: 'bye', code: 'logged_out' })
    expect(one.told).toEqual(['ended', 'ended logged_out'])
    const other = desk(() => Promise.reject(new Problem('not_logged_in', 401)))
    other.last().lose()
    await vi.advanceTimersByTimeAsync(10)
    expect(other.told).toEqual(['polling', 'ended', 'ended logged_out'])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(other.sockets.length).toBe(1)
  })

  it('goes on polling through a server in trouble', async () => {
    const { last, told, polls } = desk(() => Promise.reject(new Problem('server_error', 503)))
    last().lose()
    await vi.advanceTimersByTimeAsync(2 * POLL_MS + 10)
    expect(polls()).toBe(3)
    expect(told).toEqual(['polling'])
  })

  it('says nothing any more once stopped', async () => {
    const { feed, last, sockets, told } = desk()
    feed.stop()
    last().lose()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([sockets.length, told]).toEqual([1, []])
  })
})

it('frames it does not know are passed over', () => {
  expect(readFrame('{"type":"weather"}')).toBeNull()
  expect(readFrame('not json')).toBeNull()
  expect(readFrame(new ArrayBuffer(1))).toBeNull()
})

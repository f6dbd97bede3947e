import { Problem } from '@shared/problem'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { BATCH_MAX, GATHER_MS, LinkCache, MISSING_MS } from './links'
import type { PictureKey, PictureLinks } from './shapes'

const BEGIN = Date.parse('2026-11-22T09:00:00Z')
const LIFE_MS = 300_000

class Server {
  asked: PictureKey[][] = []
  failing: Problem | null = null
  missing = new Set<string>()

  readonly ask = async (pictures: PictureKey[]): Promise<PictureLinks> => {
    this.asked.push(pictures)
    if (this.failing !== null) throw this.failing
    const links = pictures
      .filter(({ picture }) => !this.missing.has(picture))
      .map(({ attempt_id, picture }) => ({ attempt_id, picture, url: `/${attempt_id}/${picture}?${this.asked.length}` }))
    return { until: new Date(Date.now() + LIFE_MS).toISOString(), links }
  }
}

function setUp(): { server: Server; cache: LinkCache; urls: string[]; want: (id: number, picture: string) => () => void } {
  const server = new Server()
  const cache = new LinkCache({ ask: server.ask, nowMs: () => Date.now() })
  const urls: string[] = []
  const want = (attemptId: number, picture: string): (() => void) =>
    cache.want({ attemptId, picture, url: (url) => urls.push(url) })
  return { server, cache, urls, want }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.setSystemTime(BEGIN)
})
afterEach(() => vi.useRealTimers())

describe('links to pictures', () => {
  it('are asked for together, and once for all who want the same', async () => {
    const { server, urls, want } = setUp()
    want(1, 'a')
    want(2, 'b')
    want(1, 'a')
    await vi.advanceTimersByTimeAsync(GATHER_MS)
    expect(server.asked).toEqual([[{ attempt_id: 1, picture: 'a' }, { attempt_id: 2, picture: 'b' }]])
    expect(urls.sort()).toEqual(['/1/a?1', '/1/a?1', '/2/b?1'])
  })

  it('are given at once while they hold, and asked for again shortly before they end', async () => {
    const { server, urls, want } = setUp()
    want(1, 'a')
    await vi.advanceTimersByTimeAsync(GATHER_MS)
    await vi.advanceTimersByTimeAsync(LIFE_MS - 60_000)
    want(1, 'a')
    expect([server.asked.length, urls]).toEqual([1, ['/1/a?1', '/1/a?1']])
    await vi.advanceTimersByTimeAsync(50_000)
    want(1, 'a')
    await vi.advanceTimersByTimeAsync(GATHER_MS)
    expect([server.asked.length, urls[2]]).toEqual([2, '/1/a?2'])
  })

  it('are not asked for whoever has left the screen meanwhile', async () => {
    const { server, want } = setUp()
    const stop = want(1, 'a')
    want(2, 'b')
    stop()
    await vi.advanceTimersByTimeAsync(GATHER_MS)
    expect(server.asked).toEqual([[{ attempt_id: 2, picture: 'b' }]])
  })

  it('come in requests of no more than the server takes', async () => {
    const { server, want } = setUp()
    for (let id = 1; id <= BATCH_MAX + 1; id += 1) want(id, 'a')
    await vi.advanceTimersByTimeAsync(GATHER_MS)
    expect(server.asked.map((pictures) => pictures.length)).toEqual([BATCH_MAX, 1])
  })

  it('say that a picture is gone, and ask for it again only after a while', async () => {
    const { server, urls, want } = setUp()
    server.missing.add('a')
    want(1, 'a')
    await vi.advanceTimersByTimeAsync(GATHER_MS)
    want(1, 'a')
    await vi.advanceTimersByTimeAsync(GATHER_MS)
    expect([server.asked.length, urls]).toEqual([1, ['', '']])
    await vi.advanceTimersByTimeAsync(MISSING_MS)
    want(1, 'a')
    await vi.advanceTimersByTimeAsync(GATHER_MS)
    expect(server.asked.length).toBe(2)
  })

  it('are asked for again when one did not work', async () => {
    const { cache, server, want } = setUp()
    want(1, 'a')
    await vi.advanceTimersByTimeAsync(GATHER_MS)
    cache.spoil(1, 'a')
    want(1, 'a')
    await vi.advanceTimersByTimeAsync(GATHER_MS)
    expect(server.asked.length).toBe(2)
  })

  it('are waited for while the server is in trouble', async () => {
    const { server, urls, want } = setUp()
    server.failing = new Problem('try_again', 503)
    want(1, 'a')
    await vi.advanceTimersByTimeAsync(GATHER_MS)
    server.failing = null
    await vi.advanceTimersByTimeAsync(60_000)
    expect(urls).toEqual(['/1/a?2'])
  })

  it('are not asked for again after a no, and the no is told', async () => {
    const { cache, server } = setUp()
    const told: string[] = []
    server.failing = new Problem('wrong_role', 403)
    cache.want({ attemptId: 1, picture: 'a', url: () => undefined, problem: ({ code }) => told.push(code) })
    await vi.advanceTimersByTimeAsync(600_000)
    expect([server.asked.length, told]).toEqual([1, ['wrong_role']])
  })
})

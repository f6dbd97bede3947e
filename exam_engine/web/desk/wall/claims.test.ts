import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AGAIN_MS, Claims } from './claims'
import type { LookOutcome } from './shapes'

const ANSWER_MS = 50
const OUTCOME: LookOutcome = { claimed: true, by: '', until: '2026-11-22T09:30:45Z', looked_at: '2026-11-22T09:30:00Z' }

/** What the server hears, each word answered a moment later. */
function setUp(failing = false) {
  const heard: string[] = []
  const answer = async <T>(word: string, value: T): Promise<T> => {
    heard.push(word)
    await new Promise((done) => setTimeout(done, ANSWER_MS))
    if (failing) throw new Error('away')
    return value
  }
  const known: number[] = []
  const claims = new Claims({
    look: (id) => answer(`look ${id}`, OUTCOME),
    lookAway: (id) => answer(`away ${id}`, null),
    looked: (id) => known.push(id),
    left: () => undefined,
  })
  return { claims, heard, known }
}

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('looking at a candidate', () => {
  it('is said again while it lasts, and not after', async () => {
    const { claims, heard } = setUp()
    claims.enter(1)
    await vi.advanceTimersByTimeAsync(2 * AGAIN_MS + 1)
    claims.leave(1)
    await vi.advanceTimersByTimeAsync(5 * AGAIN_MS)
    expect(heard).toEqual(['look 1', 'look 1', 'look 1', 'away 1'])
  })

  it('ends after its own beginning has arrived, however quickly one leaves', async () => {
    const { claims, heard, known } = setUp()
    claims.enter(1)
    await vi.advanceTimersByTimeAsync(ANSWER_MS / 2)
    claims.leave(1)
    expect(heard).toEqual(['look 1'])
    await vi.advanceTimersByTimeAsync(10 * ANSWER_MS)
    expect([heard, known]).toEqual([['look 1', 'away 1'], []])
  })

  it('goes on when one comes back before the farewell was said', async () => {
    const { claims, heard } = setUp()
    claims.enter(1)
    await vi.advanceTimersByTimeAsync(ANSWER_MS / 2)
    claims.leave(1)
    claims.enter(1)
    await vi.advanceTimersByTimeAsync(10 * ANSWER_MS)
    expect(heard).toEqual(['look 1', 'look 1'])
  })

  it('ends with the last of several windows', async () => {
    const { claims, heard } = setUp()
    claims.enter(1)
    claims.enter(1)
    claims.leave(1)
    await vi.advanceTimersByTimeAsync(10 * ANSWER_MS)
    expect(heard).toEqual(['look 1'])
    claims.leave(1)
    await vi.advanceTimersByTimeAsync(10 * ANSWER_MS)
    expect(heard).toEqual(['look 1', 'away 1'])
  })

  it('goes on although the server does not hear it', async () => {
    const { claims, heard } = setUp(true)
    claims.enter(1)
    await vi.advanceTimersByTimeAsync(AGAIN_MS + ANSWER_MS)
    claims.leave(1)
    await vi.advanceTimersByTimeAsync(10 * ANSWER_MS)
    expect(heard).toEqual(['look 1', 'look 1', 'away 1'])
  })

  it('ends for everybody at once when the page goes', () => {
    const { claims, heard } = setUp()
    claims.enter(1)
    claims.enter(2)
    claims.leaveAll()
    expect(heard.filter((word) => word.startsWith('away'))).toEqual(['away 1', 'away 2'])
  })
})

import { Problem } from '@shared/problem'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { begun, failed } from './errand'
import { type Held, HOLD_MS, Verdicts } from './verdicts'

const held = (attemptId: number, ...incidentIds: number[]): Held => ({
  attemptId,
  name: `测试${attemptId}`,
  verdict: 'fine',
  incidentIds,
})

function setUp(send: (held: Held) => Promise<void> = async () => undefined) {
  const sent: number[] = []
  const lost: string[] = []
  const verdicts = new Verdicts({
    send: async (one) => {
      await send(one)
      sent.push(one.attemptId)
    },
    changed: () => undefined,
    failed: (one, problem) => lost.push(`${one.attemptId} ${problem.code}`),
  })
  return { sent, lost, verdicts }
}

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('a verdict', () => {
  it('is sent after the hold', async () => {
    const { sent, verdicts } = setUp()
    verdicts.put(held(1, 11))
    await vi.advanceTimersByTimeAsync(HOLD_MS - 1)
    expect([sent, verdicts.isHeld(11)]).toEqual([[], true])
    await vi.advanceTimersByTimeAsync(1)
    expect([sent, verdicts.isHeld(11)]).toEqual([[1], false])
  })

  it('can be taken back until then, the newest first', async () => {
    const { sent, verdicts } = setUp()
    verdicts.put(held(1, 11))
    verdicts.put(held(2, 22))
    expect(verdicts.undo()?.attemptId).toBe(2)
    await vi.advanceTimersByTimeAsync(HOLD_MS)
    expect([sent, verdicts.undo()]).toEqual([[1], null])
  })

  it('is sent at once on leaving, and only once', async () => {
    const { sent, verdicts } = setUp()
    verdicts.put(held(1, 11))
    verdicts.put(held(2, 22))
    await verdicts.flush()
    await vi.advanceTimersByTimeAsync(HOLD_MS)
    expect(sent).toEqual([1, 2])
  })

  it('that does not arrive leaves its incidents open and is told', async () => {
    const { lost, verdicts } = setUp(async () => {
      throw new Problem('no_network', 0)
    })
    verdicts.put(held(1, 11))
    await vi.advanceTimersByTimeAsync(HOLD_MS)
    expect([lost, verdicts.isHeld(11)]).toEqual([['1 no_network'], false])
  })
})

describe('an errand', () => {
  it('keeps its id while nobody knows whether it arrived', () => {
    expect(failed(begun('a'), new Problem('no_network', 0), 'b')).toMatchObject({ step: 'unsure', requestId: 'a' })
  })

  it('is another one after a clear no', () => {
    expect(failed(begun('a'), new Problem('no_such_attempt', 404), 'b')).toMatchObject({ step: 'editing', requestId: 'b' })
  })
})

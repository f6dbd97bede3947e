import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '@shared/problem'
import type { CheckBegun, FrameSeen } from '@shared/shapes'
import { EntryCheck, FRAME_EVERY_MS, type CheckState } from './entry-check'

let answers: (Partial<FrameSeen> | Problem)[]
let begins: (Partial<CheckBegun> | Problem)[]
let asked: number[]
let underWay: number
let most: number
let states: CheckState[]

const frame = (over: Partial<FrameSeen>): FrameSeen => ({
  check_id: 7,
  hint: '',
  step: -1,
  frames_good: 0,
  outcome: 'going',
  why: '',
  identity: 'none',
  version: 1,
  ...over,
})

function check(shoot: () => Promise<Blob | null> = async () => new Blob(['x'])): EntryCheck {
  const transport = {
    begin: async (): Promise<CheckBegun> => {
      const next = begins.shift() ?? {}
      if (next instanceof Problem) throw next
      return { check_id: 7, mode: 'turn', why: '', steps: ['left', 'right'], frames: 5, span_s: 3, ...next }
    },
    frame: async (): Promise<FrameSeen> => {
      asked.push(Date.now())
      underWay += 1
      most = Math.max(most, underWay)
      await new Promise((resolve) => setTimeout(resolve, 200))
      underWay -= 1
      const next = answers.shift() ?? {}
      if (next instanceof Problem) throw next
      return frame(next)
    },
  }
  return new EntryCheck(transport, shoot, (state) => states.push(state), () => Date.now())
}

const settle = (ms: number) => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
  answers = []
  begins = []
  asked = []
  states = []
  underWay = most = 0
})
afterEach(() => {
  vi.useRealTimers()
})

describe('an entry check', () => {
  it('sends about two frames a second, one at a time, and follows what the server awaits', async () => {
    answers = [{ hint: 'more_light' }, { step: 0, frames_good: 1 }, { step: 1, frames_good: 3 }, { outcome: 'accepted', step: 2 }]
    const one = check()
    void one.start()
    await settle(10_000)
    expect(states.map((state) => [state.stage, state.step, state.hint])).toContainEqual(['going', -1, 'more_light'])
    expect(states.map((state) => state.step)).toContain(1)
    expect(one.state).toMatchObject({ stage: 'accepted', steps: ['left', 'right'] })
    expect(asked).toEqual([0, FRAME_EVERY_MS, 2 * FRAME_EVERY_MS, 3 * FRAME_EVERY_MS])
    expect(most).toBe(1)
  })

  it('keeps its state while the network is gone, says so, and goes on by itself', async () => {
    answers = [{ step: 0, frames_good: 2 }, new Problem('no_network', 0), { step: 1, frames_good: 3 }]
    const one = check()
    void one.start()
    await settle(1_200)
    expect(one.state).toMatchObject({ stage: 'going', step: 0, framesGood: 2, problem: { code: 'no_network' } })
    await settle(3_000)
    expect(one.state).toMatchObject({ problem: null })
    expect(states.some((state) => state.step === 1)).toBe(true)
    one.stop()
  })

  it('begins again by itself when the beginning could not be heard', async () => {
    begins = [new Problem('try_again', 503)]
    const one = check()
    void one.start()
    await settle(100)
    expect(one.state).toMatchObject({ stage: 'going', problem: { code: 'try_again' } })
    await settle(2_000)
    expect(asked.length).toBeGreaterThan(0)
    one.stop()
  })

  it('ends as a try when the check was over elsewhere, and a new one may begin', async () => {
    answers = [new Problem('check_over', 409)]
    const one = check()
    void one.start()
    await settle(1_000)
    expect(one.state).toMatchObject({ stage: 'retry', problem: { code: 'check_over' } })
    answers = [{ outcome: 'accepted' }]
    void one.start()
    await settle(1_000)
    expect(one.state).toMatchObject({ stage: 'accepted', problem: null })
  })

  it('stops and tells why when it makes no sense to go on', async () => {
    begins = [new Problem('no_consent', 409)]
    const one = check()
    void one.start()
    await settle(1_000)
    expect(one.state).toMatchObject({ stage: 'still', problem: { code: 'no_consent' } })
    expect(asked).toEqual([])
  })

  it('gives time to look up before the one picture a person judges', async () => {
    begins = [{ mode: 'person', why: 'no_model', steps: [] }]
    answers = [{ outcome: 'waiting', why: 'no_model' }]
    const one = check()
    void one.start()
    await settle(1_500)
    expect(asked).toEqual([])
    await settle(2_000)
    expect(asked).toHaveLength(1)
    expect(one.state).toMatchObject({ stage: 'waiting', why: 'no_model', mode: 'person' })
  })

  it('sends nothing while the camera shows nothing, and nothing more once stopped', async () => {
    let picture: Blob | null = null
    const one = check(async () => picture)
    void one.start()
    await settle(3_000)
    expect(asked).toEqual([])
    picture = new Blob(['x'])
    await settle(700)
    expect(asked).toHaveLength(1)
    one.stop()
    await settle(5_000)
    expect(asked).toHaveLength(1)
    expect(one.state.stage).toBe('still')
  })
})

import type { PaperListEntry } from '@shared/shapes'
import { describe, expect, it } from 'vitest'
import { legs } from './legs'
import type { Home } from './shapes'

const home = (procedure: string, states: Record<string, string>): Home =>
  ({ procedure, files: Object.entries(states).map(([subject, state]) => ({ subject, state })) }) as Home
const paper = (kind: string, round: string, more: Partial<PaperListEntry>): PaperListEntry =>
  ({ kind, round, status: 'submitted', points: null, points_max: null, passed: null, ...more }) as PaperListEntry
const words = (...given: Parameters<typeof legs>): string[] => legs(...given).map((leg) => `${leg.code} ${leg.word}`)

describe('the parts of a result', () => {
  it('are all pending before anything was decided', () => {
    expect(words(home('none', { profile: 'approved' }), [])).toEqual([
      'work pending',
      'ethics pending',
      'humanities pending',
      'professional pending',
    ])
  })

  it('never say what is not released', () => {
    const papers = [paper('humanities', 'first', {})]
    expect(words(home('general', { evaluation: 'approved' }), papers)).toEqual([
      'work qualified',
      'ethics qualified',
      'humanities pending',
      'professional pending',
    ])
  })

  it('leave it to the rating which of the two was not qualified', () => {
    expect(words(home('general', { evaluation: 'rejected' }), []).slice(0, 2)).toEqual(['work see_rating', 'ethics see_rating'])
  })

  it('need no professional paper by the simple procedure, and none with an exemption', () => {
    expect(words(home('simple', {}), [])[3]).toBe('professional not_needed')
    expect(words(home('general', { exemption: 'approved' }), [])[3]).toBe('professional exempt')
    expect(words(home('general', { exemption: 'rejected' }), [])[3]).toBe('professional pending')
  })

  it('show the make-up once it is released, with its points', () => {
    const failed = paper('professional', 'first', { points: 40, points_max: 100, passed: false })
    const again = paper('professional', 'makeup', { points: 71, points_max: 100, passed: true })
    const general = home('general', {})
    expect(legs(general, [failed, { ...again, points: null, passed: null }])[3]).toMatchObject({ word: 'failed', points: 40 })
    expect(legs(general, [failed, again])[3]).toMatchObject({ word: 'passed', points: 71, max: 100 })
  })
})

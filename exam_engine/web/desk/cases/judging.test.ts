import { describe, expect, it } from 'vitest'
import type { CaseView } from '../wire'
import { deadlineOf, decisionOf, isGrave, judgementFault, reasonFault, standingOf } from './judging'

const view = (phase: string, can: string[], why_not = ''): CaseView =>
  ({
    case: { phase },
    can,
    why_not,
    reply_until: '2026-01-04T00:00:00Z',
    appeal_until: '2026-01-19T00:00:00Z',
  }) as CaseView

describe('a judgement', () => {
  const whole = { verdict: 'confirm', measure: 'warning', reason: '经核查属实' } as const

  it('is never made by pressing on: verdict, measure and reason are all chosen', () => {
    expect(judgementFault({ verdict: '', measure: '', reason: '经核查属实' })).toBe('no_verdict')
    expect(judgementFault({ ...whole, measure: '' })).toBe('no_measure')
    expect(judgementFault({ ...whole, reason: ' 属实属实 ' })).toBe('too_short')
    expect(judgementFault(whole)).toBeNull()
    expect(judgementFault({ verdict: 'dismiss', measure: '', reason: '证据不足以认定' })).toBeNull()
  })

  it('a dismissal carries no measure, whatever was chosen before', () => {
    expect(decisionOf({ verdict: 'dismiss', measure: 'void', reason: ' 证据不足以认定 ' })).toEqual({
      verdict: 'dismiss',
      measure: 'none',
      reason: '证据不足以认定',
    })
    expect(isGrave({ verdict: 'dismiss', measure: 'void', reason: '' })).toBe(false)
    expect(isGrave({ ...whole, measure: 'void' })).toBe(true)
  })

  it('a reason is counted in characters, 5 to 2000', () => {
    expect(reasonFault('𠮷𠮷𠮷𠮷')).toBe('too_short')
    expect(reasonFault('𠮷𠮷𠮷𠮷𠮷')).toBeNull()
    expect(reasonFault('字'.repeat(2000))).toBeNull()
    expect(reasonFault('字'.repeat(2001))).toBe('too_long')
  })
})

describe('what an account may do', () => {
  it('is what the server says', () => {
    const standing = standingOf(view('replied', ['attach', 'dismiss'], 'reply_pending'))
    expect([standing.mayAttach, standing.mayDismiss, standing.mayConfirm]).toEqual([true, true, false])
    expect(standing.why).toBe('reply_pending')
  })

  it('a closed case needs no excuse', () => {
    expect(standingOf(view('dismissed', [], 'closed')).why).toBe('')
    expect(standingOf(view('appealed', [], 'wrong_role')).why).toBe('wrong_role')
  })
})

it('the deadline is that of whoever has the word', () => {
  expect(deadlineOf(view('notified', []))).toBe('2026-01-04T00:00:00Z')
  expect(deadlineOf(view('confirmed', []))).toBe('2026-01-19T00:00:00Z')
  expect(deadlineOf(view('replied', []))).toBeNull()
})

import { describe, expect, it } from 'vitest'
import { aFile, aRow } from '../testing/review'
import { actsOf, doubtsOf, isOvertaken, panelFor } from './standing'

const evaluation = (acts: string[]) => aFile({ row: aRow(1, { subject: 'evaluation' }), acts })

describe('the acts of the bar', () => {
  it('are those the server names, in one order', () => {
    expect(actsOf(aFile({ acts: ['undo', 'return', 'conditions_not_met', 'approve'] }))).toEqual(['approve', 'return', 'undo'])
  })

  it('of an evaluation hold "not qualified" exactly when it may be rated', () => {
    expect(actsOf(evaluation(['approve', 'return']))).toEqual(['approve', 'return', 'refuse'])
    expect(actsOf(evaluation(['undo', 'refuse']))).toEqual(['undo'])
  })
})

describe('approving', () => {
  it('is done at once only where the system noticed nothing', () => {
    expect(panelFor('approve', aFile())).toBe('')
    expect(panelFor('approve', aFile({ eligible: false }))).toBe('confirm')
    expect(panelFor('approve', aFile({ shared_documents: [4] }))).toBe('confirm')
    expect(panelFor('approve', aFile({ row: aRow(1, { flags: ['warnings'] }) }))).toBe('confirm')
    expect(panelFor('approve', aFile({ problems: [{ field: 'born_on', code: 'old', soft: true }] }))).toBe('confirm')
  })

  it('an evaluation is rating it, and so is finding it not qualified', () => {
    expect(panelFor('approve', evaluation([]))).toBe('rating')
    expect(panelFor('refuse', evaluation([]))).toBe('rating_blank')
    expect(panelFor('return', evaluation([]))).toBe('return')
  })

  it('says why it asks', () => {
    expect(doubtsOf(aFile({ eligible: false, shared_documents: [1] }))).toEqual(['shared', 'not_eligible'])
  })
})

it('knows by the code that somebody else was faster', () => {
  expect(isOvertaken('changed_meanwhile')).toBe(true)
  expect(isOvertaken('illegal_move')).toBe(true)
  expect(isOvertaken('reason_missing')).toBe(false)
})

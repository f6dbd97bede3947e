import { describe, expect, it } from 'vitest'
import { aFile, aRow } from '../testing/review'
import { BLANK, isClear, opinionAfter, opinionsOf, presetRating, type RatingDraft, ratingFault, ratingOf } from './rating'

const evaluation = (procedure = 'general') => aFile({ row: aRow(1, { subject: 'evaluation', procedure }) })
const good: RatingDraft = { ...BLANK, work: 'qualified', ethics: 'qualified', comment: '情况属实，合格' }
const asked = { conditions: false, code: true }
const opinion = {
  by: '测试员',
  at: '2026-03-02T01:00:00Z',
  work: 'qualified',
  ethics: 'qualified',
  conditions_met: null,
  comment: '合格合格合格',
  reason_code: '',
}

describe('what is preset', () => {
  it('is qualified for a file in which nothing was noticed', () => {
    expect(presetRating(evaluation(), '情况属实')).toEqual({ ...good, comment: '情况属实' })
    expect(presetRating(evaluation('simple_applied'), '情况属实').conditionsMet).toBe(true)
  })

  it.each([
    ['a flag', { row: aRow(1, { subject: 'evaluation', flags: ['disputes'] }) }],
    ['a warning', { problems: [{ field: 'good.0.date', code: 'outside_cycle', soft: true }] }],
    ['a document somebody else uses', { shared_documents: [3] }],
    ['a bad record', { conduct: [{ good: false, kind: 'penalty', at: '2026-01-01', fact: '测试', source: '' }] }],
    ['an institution that rated otherwise', { org_opinion: { ...opinion, ethics: 'unqualified' } }],
  ])('is nothing where there is %s', (_what, part) => {
    const file = { ...evaluation(), ...part }
    expect(isClear(file)).toBe(false)
    expect(presetRating(file, '情况属实')).toEqual(BLANK)
  })

  it('is qualified for an agency that agrees with its institution', () => {
    expect(presetRating({ ...evaluation(), org_opinion: opinion }, '情况属实').work).toBe('qualified')
  })
})

describe('a rating', () => {
  it('is complete only when everything asked for is said', () => {
    expect(ratingFault(BLANK, { conditions: true, code: false })).toBe('no_conditions')
    expect(ratingFault(BLANK, asked)).toBe('no_work')
    expect(ratingFault({ ...good, ethics: '' }, asked)).toBe('no_ethics')
    expect(ratingFault({ ...good, comment: '合格' }, asked)).toBe('too_short')
    expect(ratingFault(good, asked)).toBeNull()
  })

  it('of an agency that is not qualified names its reason; one of an institution need not', () => {
    const bad: RatingDraft = { ...good, work: 'unqualified' }
    expect(ratingFault(bad, asked)).toBe('no_reason_code')
    expect(ratingFault({ ...bad, reasonCode: 'U15' }, asked)).toBe('no_reason_code')
    expect(ratingFault({ ...bad, reasonCode: 'U14' }, asked)).toBeNull()
    expect(ratingFault(bad, { conditions: false, code: false })).toBeNull()
  })

  it('that finds a condition not met needs no reason of Article 27', () => {
    const draft: RatingDraft = { ...good, work: 'unqualified', conditionsMet: false }
    expect(ratingFault(draft, { conditions: true, code: true })).toBeNull()
  })

  it('is sent as an approval, with a reason only where it is not qualified', () => {
    const draft: RatingDraft = { ...good, reasonCode: 'U01', comment: ' 情况属实，合格 ' }
    expect(ratingOf(draft, 7)).toEqual({
      version: 7,
      act: 'approve',
      rating: {
        work: 'qualified',
        ethics: 'qualified',
        comment: '情况属实，合格',
        conditions_met: null,
        reason_code: '',
      },
    })
    expect(ratingOf({ ...draft, ethics: 'unqualified' }, 7).rating?.reason_code).toBe('U01')
  })
})

describe('an opinion', () => {
  const fine = { name: 'institution_good', text: '考评合格，情况属实。' }
  const poor = { name: 'unqualified_work', text: '未达到要求，不合格。' }
  const bad = opinionsOf({ ...good, work: 'unqualified' }, false)

  it('is offered only in sentences that say what the rating says', () => {
    expect(opinionsOf(good, false)).toContain('institution_good')
    expect(opinionsOf(good, true)).toContain('agency_good')
    expect(bad).toEqual(['unqualified_work'])
    expect(opinionsOf({ ...good, work: 'unqualified', ethics: 'unqualified' }, true)).toEqual([
      'unqualified_work',
      'unqualified_ethics',
    ])
    expect(opinionsOf({ ...good, conditionsMet: false }, true)).not.toContain('agency_good')
  })

  it('that was preset as good does not go out with a rating that is not', () => {
    expect(opinionAfter(fine.text, fine, bad, fine)).toBe('')
    expect(opinionAfter(poor.text, poor, opinionsOf(good, false), null)).toBe('')
  })

  it('comes back with the rating it was preset for', () => {
    expect(opinionAfter('', fine, opinionsOf(good, false), fine)).toBe(fine.text)
    expect(opinionAfter(poor.text, poor, opinionsOf(good, false), fine)).toBe(fine.text)
    expect(opinionAfter('', fine, opinionsOf(good, false), null)).toBe('')
  })

  it('that somebody wrote stays, whatever the rating becomes', () => {
    expect(opinionAfter('本人撰写的意见', fine, bad, fine)).toBe('本人撰写的意见')
    expect(opinionAfter(`${fine.text}另有说明`, fine, bad, fine)).toBe(`${fine.text}另有说明`)
  })
})

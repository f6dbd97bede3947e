import { describe, expect, it } from 'vitest'
import type { Policy, SittingWindow } from '../shapes'
import { changedIn, draftOf, faultsOf, NAMES, policyOf, rebased, warningsOf, whole, windowFault } from './draft'

const window = (opens_at: string, closes_at: string) => ({ opens_at, closes_at })
const REGISTRATION = window('2026-11-01T01:00:07Z', '2026-11-20T10:00:00Z')
const BASE: Policy = whole({ registration: REGISTRATION, other_conditions: ['援外医疗'] })

const sitting = (kind: string, opens_at: string, closes_at: string): SittingWindow => ({
  sitting_id: 1,
  kind,
  round: 'first',
  title: '',
  opens_at,
  closes_at,
  audience: [],
  entered: 0,
})

describe('a draft', () => {
  it('left alone is the policy it came from, to the second', () => {
    expect(policyOf(draftOf(BASE), BASE)).toEqual(BASE)
    expect(changedIn(draftOf(BASE), draftOf(BASE))).toEqual([])
    expect(faultsOf(draftOf(BASE))).toEqual({})
  })

  it('has a field for everything the server knows', () => {
    expect(NAMES).toHaveLength(21)
  })

  it('says which fields differ', () => {
    const draft = { ...draftOf(BASE), deferral: true, correction_days: 7, other_conditions: ['援外医疗', '支边'] }
    expect(changedIn(draftOf(BASE), draft)).toEqual(['other_conditions', 'deferral', 'correction_days'])
  })

  it('moves one end of a window and keeps the other', () => {
    const draft = { ...draftOf(BASE), registration: { opens: '2026-11-01T09:00', closes: '2026-11-25T18:00' } }
    expect(policyOf(draft, BASE).registration).toEqual(window('2026-11-01T01:00:07Z', '2026-11-25T10:00:00Z'))
  })

  it('emptied is not announced', () => {
    const draft = { ...draftOf(BASE), registration: { opens: '', closes: '' } }
    expect(policyOf(draft, BASE).registration).toBeNull()
    expect(windowFault(draft.registration)).toBeNull()
  })
})

it('what is wrong is said at its field', () => {
  const draft = {
    ...draftOf(BASE),
    registration: { opens: '2026-11-01T09:00', closes: '' },
    evaluation: { opens: '2026-11-02T09:00', closes: '2026-11-02T09:00' },
    simple_years: null,
    correction_days: 367,
    batch_max: 0,
    escalate_h: 1.5,
    other_conditions: ['援外', ' 援外 '],
    other_exemptions: ['  '],
  }
  expect(faultsOf(draft)).toEqual({
    registration: 'half_window',
    evaluation: 'closes_first',
    simple_years: 'not_whole',
    correction_days: 'out_of_range',
    escalate_h: 'not_whole',
    batch_max: 'out_of_range',
    other_conditions: 'same_line',
    other_exemptions: 'empty_line',
  })
})

describe('two people at once', () => {
  const base = draftOf(BASE)

  it('keep what each changed alone', () => {
    const both = rebased(base, { ...base, deferral: true }, { ...base, simple_years: 6 })
    expect([both.draft.deferral, both.draft.simple_years, both.clashes]).toEqual([true, 6, []])
  })

  it('name what both changed differently, and keep mine', () => {
    const both = rebased(base, { ...base, simple_years: 8, makeup: false }, { ...base, simple_years: 6, makeup: false })
    expect([both.draft.simple_years, both.draft.makeup, both.clashes]).toEqual([8, false, ['simple_years']])
  })
})

describe('warnings', () => {
  const now = Date.parse('2026-11-10T00:00:00Z')
  const warn = (will: Partial<Policy>, sittings: SittingWindow[] = [], at = now) =>
    warningsOf({ sittings }, BASE, { ...BASE, ...will }, at)

  it('say that registration ends now, only while it is open', () => {
    expect(warn({ registration: null })).toEqual(['registration_ends_now'])
    expect(warn({ registration: null }, [], Date.parse('2026-12-01T00:00:00Z'))).toEqual([])
    expect(warn({})).toEqual([])
  })

  it('say when dates do not go together', () => {
    expect(warn({ evaluation: window('2026-10-01T00:00:00Z', '2026-12-01T00:00:00Z') })).toEqual([
      'evaluation_before_registration',
    ])
    const exams = [
      sitting('professional', '2026-11-12T00:00:00Z', '2026-11-15T00:00:00Z'),
      sitting('humanities', '2026-11-18T00:00:00Z', '2026-11-20T00:00:00Z'),
    ]
    expect(warn({ exemption: window('2026-11-11T00:00:00Z', '2026-11-16T00:00:00Z') }, exams)).toEqual([
      'exemption_too_late',
    ])
    expect(warn({ exam_order: 'humanities_first' }, exams)).toEqual(['order_of_exams'])
    expect(warn({ exam_order: 'professional_first' }, exams)).toEqual([])
  })
})

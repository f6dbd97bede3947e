import { describe, expect, it } from 'vitest'
import { askedOf, chosen, filterFrom, narrowedBy, queryOf } from './filters'

describe('the filters of the queue', () => {
  it('begin with what waits for a reviewer, and with everything for who decides nothing', () => {
    expect(filterFrom({}, 'institution').mine).toBe(true)
    expect(filterFrom({}, 'agency').mine).toBe(true)
    expect(filterFrom({}, 'nation').mine).toBe(false)
    expect(queryOf(filterFrom({}, 'institution'), 'institution')).toEqual({})
    expect(queryOf(filterFrom({}, 'nation'), 'nation')).toEqual({})
  })

  it('come back from the address as they went there', () => {
    const filter = {
      subject: 'evaluation',
      state: 'agy_returned',
      q: '002X',
      department: '内科',
      category: 'clinical',
      procedure: 'simple_applied',
      flag: 'disputes',
      mine: false,
    } as const
    expect(filterFrom(queryOf(filter, 'agency'), 'agency')).toEqual(filter)
  })

  it('take nothing from an address that is none of theirs', () => {
    const filter = filterFrom({ subject: 'x', state: 'a"b', q: ['1'], procedure: 'fast', flag: '../', all: '2' }, 'agency')
    expect(filter).toEqual({ ...filterFrom({}, 'agency') })
  })

  it('ask the server only for what is set, and for a page by its key', () => {
    expect(askedOf(filterFrom({}, 'nation'))).toEqual({})
    expect(askedOf(filterFrom({ q: ' 测试 ' }, 'agency'), '17.3')).toEqual({ q: '测试', mine: '1', after: '17.3' })
  })

  it('a state that waits for nobody here shows everybody’s, and only mine shows no state', () => {
    const mine = filterFrom({}, 'institution')
    expect(chosen(mine, { state: 'approved' }, 'institution').mine).toBe(false)
    expect(chosen(mine, { state: 'org_review' }, 'institution').mine).toBe(true)
    expect(chosen(filterFrom({ state: 'approved', all: '1' }, 'agency'), { mine: true }, 'agency').state).toBe('')
  })

  it('of an address that names such a state show it, whoever opens it', () => {
    expect(filterFrom({ state: 'approved' }, 'province')).toMatchObject({ state: 'approved', mine: false })
    expect(filterFrom({ state: 'org_review' }, 'institution').mine).toBe(true)
    expect(filterFrom({ state: 'org_review' }, 'agency').mine).toBe(false)
  })

  it('count what narrows the list beside subject and state', () => {
    expect(narrowedBy(filterFrom({ subject: 'profile', state: 'draft', q: '1', flag: 'old' }, 'agency'))).toBe(2)
  })
})

import { describe, expect, it } from 'vitest'
import { measureTaken, tell } from './history'

const row = (kind: string, event: unknown, by = '') =>
  ({ version: 1, at: '2026-01-01T00:00:00Z', kind, by, event }) as Parameters<typeof tell>[0]

describe('the history of a case', () => {
  it('a rule opens a case without a name, with its incidents counted', () => {
    const told = tell(row('opened', { text: '', incidents: [['left_page', 6]], pictures: ['a', 'b'] }))
    expect(told).toMatchObject({ key: 'opened', who: 'system', incidents: 1, pictures: 2 })
  })

  it('a reply and an appeal are the physician’s, though no account wrote them', () => {
    expect(tell(row('replied', { text: '当时断网' }))).toMatchObject({ who: 'physician', text: '当时断网' })
    expect(tell(row('appealed', { text: '不服' })).who).toBe('physician')
  })

  it('a decision reads by its ruling, with its measure and reason', () => {
    const event = { ruling: 'confirm', measure: 'void', reason: '经核查属实', appeal_until: '2026-01-16T00:00:00Z' }
    expect(tell(row('decided', event, '测试主监考'))).toMatchObject({
      key: 'decided_confirm',
      who: 'account',
      name: '测试主监考',
      text: '经核查属实',
      measure: 'void',
      until: '2026-01-16T00:00:00Z',
    })
    expect(tell(row('decided', { ruling: 'dismiss', measure: 'none', reason: '证据不足' }, '甲'))).toMatchObject({
      key: 'decided_dismiss',
      measure: '',
    })
    expect(tell(row('appeal_decided', { ruling: 'overturn', reason: '证据不足' }, '甲')).key).toBe(
      'appeal_decided_overturn',
    )
  })

  it('remembers the measure that was taken, though an appeal took it back', () => {
    const decided = row('decided', { ruling: 'confirm', measure: 'void', reason: '属实' }, '甲')
    const overturned = row('appeal_decided', { ruling: 'overturn', reason: '不足' }, '乙')
    expect(measureTaken([row('opened', {}), decided, overturned])).toBe('void')
    expect(measureTaken([row('decided', { ruling: 'dismiss', measure: 'none', reason: '不足' }, '甲')])).toBe('')
  })

  it('what a newer server says is shown, not hidden', () => {
    expect(tell(row('moved', null))).toMatchObject({ key: 'unknown', text: '', incidents: 0 })
  })
})

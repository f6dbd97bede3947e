import { describe, expect, it } from 'vitest'
import { asCsv } from './csv'
import { provinceName, PROVINCES } from './provinces'
import { reasonFits } from './reason'
import { dayStart, fromField, monthStart, toField } from './shanghai'

describe('instants in a field', () => {
  it('are China’s time, there and back', () => {
    expect(toField('2026-11-22T01:00:00Z')).toBe('2026-11-22T09:00')
    expect(toField('2026-11-22T17:30:00+01:00')).toBe('2026-11-23T00:30')
    expect(fromField('2026-11-22T09:00')).toBe('2026-11-22T01:00:00Z')
    expect(fromField('2026-01-01T00:00')).toBe('2025-12-31T16:00:00Z')
  })

  it('are empty for none, and none for what is no instant', () => {
    expect([toField(null), toField(undefined), toField('')]).toEqual(['', '', ''])
    for (const wrong of ['', '2026-11-22', '2026-11-22T09:00:00', '2026-13-22T09:00', 'tomorrow']) {
      expect(fromField(wrong)).toBeNull()
    }
  })

  it('know the day and the month in China they lie in', () => {
    const lateEvening = Date.parse('2026-10-31T16:30:00Z') // 1 November, 00:30 in China
    expect(dayStart(lateEvening)).toBe(Date.parse('2026-10-31T16:00:00Z'))
    expect(monthStart(lateEvening)).toBe(Date.parse('2026-10-31T16:00:00Z'))
    expect(monthStart(lateEvening, 2)).toBe(Date.parse('2026-12-31T16:00:00Z'))
  })
})

it('a table for spreadsheets is quoted, and never a formula', () => {
  expect(
    asCsv([
      ['行', 'a,b'],
      [3, '=1+1'],
      [4, 'he said "no"'],
    ]),
  ).toBe('\ufeff行,"a,b"\r\n3,\'=1+1\r\n4,"he said ""no"""\r\n')
})

it('a reason says something', () => {
  expect(['', '     ', '四个字啊', '五个字才够', 'x'.repeat(501)].map(reasonFits)).toEqual([
    false,
    false,
    false,
    true,
    false,
  ])
})

it('a province has its name wherever one is known', () => {
  const held: Record<string, string> = {
    'reg.option.province.11': '北京',
    'desk.centre.province.12': '天津',
    'admin.nation': '国家',
  }
  const words = { t: (key: string) => held[key] ?? key, te: (key: string) => key in held }
  expect(['11', '12', '00', '99'].map((code) => provinceName(words, code))).toEqual(['北京', '天津', '国家', '99'])
  expect(new Set(PROVINCES).size).toBe(35)
})

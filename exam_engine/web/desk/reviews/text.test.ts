import { describe, expect, it } from 'vitest'
import { difference } from './diff'
import { reasonFault, templatesOf, withTemplate } from './reasons'

describe('the difference of two texts', () => {
  it('is what lies between their common beginning and end', () => {
    expect(difference('在内科工作五年', '在外科工作五年')).toEqual({
      head: '在',
      removed: '内',
      added: '外',
      tail: '科工作五年',
    })
  })

  it('of an addition at the end removes nothing, and of equal texts is nothing', () => {
    expect(difference('甲', '甲乙')).toEqual({ head: '甲', removed: '', added: '乙', tail: '' })
    expect(difference('甲甲', '甲甲甲')).toMatchObject({ removed: '', added: '甲' })
    expect(difference('同', '同')).toEqual({ head: '同', removed: '', added: '', tail: '' })
  })

  it('never cuts a character in two', () => {
    const parts = difference('a𠮷b', 'a𠮶b')
    expect(parts).toEqual({ head: 'a', removed: '𠮷', added: '𠮶', tail: 'b' })
    expect(difference('\u{1F600}', '\u{2F600}').tail).toBe('')
  })
})

describe('a reason', () => {
  it('has five to five hundred characters, blanks around not counted', () => {
    expect(reasonFault(' 一二三四 ')).toBe('too_short')
    expect(reasonFault('一二三四五')).toBeNull()
    expect(reasonFault('一'.repeat(501))).toBe('too_long')
  })

  it('takes a template once, below what is written', () => {
    expect(withTemplate('', '甲乙')).toBe('甲乙')
    expect(withTemplate('丙 ', '甲乙')).toBe('丙\n甲乙')
    expect(withTemplate('丙\n甲乙', '甲乙')).toBe('丙\n甲乙')
  })

  it('has templates by act and subject, none for acts that are rare', () => {
    expect(templatesOf('return', 'profile').length).toBeGreaterThan(3)
    expect(templatesOf('refuse', 'profile')).not.toEqual(templatesOf('return', 'profile'))
    expect(templatesOf('close', 'profile')).toEqual([])
  })
})

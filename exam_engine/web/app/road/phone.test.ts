import { describe, expect, it } from 'vitest'
import { bare, isCode, isGoodPassword, isPhone, loginName, passwordRules } from './phone'

const unmet = (password: string, phone = '', old = ''): string[] =>
  passwordRules(password, phone, old).filter((rule) => !rule.met).map((rule) => rule.code)

describe('a phone number', () => {
  it('is the same in every spelling', () => {
    expect(bare('+86 138-0013 8000')).toBe('13800138000')
    expect(isPhone('+86 138-0013 8000')).toBe(true)
    expect(isPhone('12800138000')).toBe(false)
    expect(isPhone('1380013800')).toBe(false)
  })

  it('is sent bare at log-in, and a name made by staff as it was typed', () => {
    expect(loginName(' 138 0013 8000 ')).toBe('13800138000')
    expect(loginName(' physician-01 ')).toBe('physician-01')
  })
})

describe('the rules of a password', () => {
  it('are all unmet by nothing', () => expect(unmet('')).toEqual(['length', 'kinds', 'known']))

  it('want 8 to 20 characters of two kinds', () => {
    expect(unmet('abc123!')).toEqual(['length'])
    expect(unmet('abcdefgh')).toEqual(['kinds'])
    expect(unmet('abcd1234')).toEqual([])
    expect(unmet('汉字汉字汉字12')).toEqual([])
    expect(unmet('a1'.repeat(11))).toEqual(['length'])
  })

  it('refuse what everybody knows or could guess', () => {
    expect(unmet('a666666b')).toEqual(['known'])
    expect(unmet('a123456bcd')).toEqual([])
    expect(unmet('13800138000', '138 0013 8000')).toContain('known')
    expect(unmet('old-one-1', '', 'old-one-1')).toEqual(['known'])
    expect(isGoodPassword('new-one-1', '', 'old-one-1')).toBe(true)
  })
})

it('a code is six digits', () => {
  expect(isCode(' 012345 ')).toBe(true)
  expect(isCode('12345')).toBe(false)
  expect(isCode('12345a')).toBe(false)
})

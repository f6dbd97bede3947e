import { describe, expect, it } from 'vitest'
import en from '@words/en/admin.json'
import zh from '@words/zh-CN/admin.json'
import { askedOf, saySubject } from './subjects'

const plain = (_kind: string, which: string): string => which

describe('a subject of the audit log', () => {
  it('is read in words', () => {
    expect(saySubject('file 115 person 138', zh.audit.of, plain)).toBe('材料 115 · 人员 138')
    expect(saySubject('institution 4', en.audit.of, plain)).toBe('Institution 4')
    expect(saySubject('makeup plan 3', zh.audit.of, plain)).toBe('补考方案 3')
    expect(saySubject('province all', zh.audit.of, () => '全部')).toBe('省份 全部')
  })

  it('stands as it was kept where there are no words for it', () => {
    for (const subject of ['', 'agency2', 'robot 4', 'file 115 x', 'constructor 1']) {
      expect(saySubject(subject, zh.audit.of, plain)).toBe(subject)
    }
  })

  it.each([zh.audit.of, en.audit.of])('is found by what is read of it', (kinds) => {
    for (const subject of ['file 115', 'file 115 person 138', 'makeup plan 3', 'person 8 paper 2']) {
      expect(askedOf(saySubject(subject, kinds, plain), kinds)).toBe(subject)
    }
  })

  it('is asked for as it is typed where that is no such thing', () => {
    for (const typed of ['测试卫生', 'file 115', '材料', '材料 115 · 甲', 'agency2']) {
      expect(askedOf(` ${typed} `, zh.audit.of)).toBe(typed)
    }
    expect(askedOf('材料115', zh.audit.of)).toBe('file 115')
  })

  it('of every kind has words in both languages, no two the same', () => {
    expect(Object.keys(en.audit.of)).toEqual(Object.keys(zh.audit.of))
    for (const kinds of [zh.audit.of, en.audit.of]) expect(new Set(Object.values(kinds)).size).toBe(Object.keys(kinds).length)
  })
})

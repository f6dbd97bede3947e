import { readFileSync } from 'node:fs'
import { createI18n } from 'vue-i18n'
import { describe, expect, it } from 'vitest'
import { complaintText, fieldLabel, optionLabel, pathLabel, valueText } from './labels'

const reg = JSON.parse(readFileSync(new URL('../../words/zh-CN/reg.json', import.meta.url), 'utf8')) as object
const { t, te } = createI18n({ legacy: false, locale: 'zh-CN', messages: { 'zh-CN': { reg } } }).global
const words = { t: t as (key: string, named?: Record<string, unknown>) => string, te }

describe('the words of a form', () => {
  it('name a field, a year of ethics, rows as a whole and what is in them', () => {
    expect(fieldLabel(words, 'profile', 'ethnicity')).toBe('民族')
    expect(fieldLabel(words, 'evaluation', 'ethics_2025')).toBe('2025年医德考评')
    expect(fieldLabel(words, 'evaluation', 'good')).toBe('良好行为记录')
    expect(fieldLabel(words, 'evaluation', 'good.issuer')).toBe('授予（下达）单位')
    expect(pathLabel(words, 'evaluation', 'good.1.date')).toBe('良好行为记录 · 第2条 · 日期')
  })

  it('know options whose codes are numbers', () => {
    expect(optionLabel(words, 'ethnicity', '01')).toBe('汉族')
    expect(optionLabel(words, 'level', '2')).toBe('执业助理医师')
    expect(optionLabel(words, 'level', '9')).toBe('9')
  })

  it('say a complaint with its facts, codes among them said too', () => {
    const say = (code: string, facts = {}): string => complaintText(words, 'profile', { field: 'x', code, facts })
    expect(say('before', { field: 'qualified_on' })).toBe('不能早于“医师资格取得时间”')
    expect(say('level_low', { level: 'city' })).toBe('须为设区的市级及以上')
    expect(say('contradicts_years', { years: 3, months: 4, needed: 5, bad_records: 0 })).toBe(
      '系统计算执业年限为3年4月，未满5年',
    )
    expect(say('something_new')).toBe('请核对此项（something_new）')
  })

  it('say a value as one reads it', () => {
    expect(valueText(words, { code: 'sex', kind: 'choice', options: 'sex' }, 'female')).toBe('女')
    expect(valueText(words, { code: 'moved', kind: 'yesno' }, false)).toBe('否')
    expect(valueText(words, { code: 'post', kind: 'text' }, undefined)).toBe('')
  })
})

import { createI18n } from 'vue-i18n'
import { describe, expect, it } from 'vitest'
import type { OwnIncident, Watching } from '@shared/shapes'
import en from '@words/en/app.json'
import zh from '@words/zh-CN/app.json'
import { nameOf, noteOf, noticeText } from './incident-words'

const limits = { leaves_max: 5, leaves_force: true, camera_warn_s: 60 } as Watching
const speaking = (locale: 'zh-CN' | 'en') => {
  const { t, te } = createI18n({ legacy: false, locale, messages: { 'zh-CN': { app: zh }, en: { app: en } } }).global
  return { t: t as (key: string, named: Record<string, unknown>) => string, te: te as (key: string) => boolean }
}
const incident = (over: Partial<OwnIncident>): OwnIncident => ({
  rule: 'left_page',
  ordinal: 1,
  level: 1,
  at: '2026-01-01T00:00:00Z',
  for_ms: 8_000,
  text: '服务器的话',
  ...over,
})

describe('a notice', () => {
  it('of a rule is said in the language of the page, with the limits of this attempt', () => {
    const notice = { rule: 'left_page:3:2', text: '服务器的话' }
    expect(noticeText(speaking('zh-CN'), notice, limits)).toBe(
      '检测到您多次离开考试页面（第3次）。离开超过5次将被强制交卷。请保持在考试页面作答。',
    )
    expect(noticeText(speaking('en'), notice, limits)).toContain('(time 3)')
    expect(noticeText(speaking('en'), notice, { ...limits, leaves_force: false })).toContain('staff will look into it')
  })

  it.each([
    ['of a person', { rule: '', text: '请抬头' }, limits],
    ['of a rule this page does not know', { rule: 'new_rule:1:2', text: '请抬头' }, limits],
    ['whose limits are not known yet', { rule: 'left_page:3:2', text: '请抬头' }, null],
  ])('%s is shown as it came', (_name, notice, known) => {
    expect(noticeText(speaking('en'), notice, known)).toBe('请抬头')
  })
})

describe('a note about something of level 1', () => {
  it('says how many leaves are left', () => {
    expect(noteOf(speaking('zh-CN'), incident({}), 2, limits)).toBe(
      '检测到您离开了考试页面（第1次）。请保持在考试页面作答。还可离开 3 次。',
    )
  })

  it('is silent where the server has nothing to say, and where a notice comes', () => {
    expect(noteOf(speaking('en'), incident({ rule: 'network_gap', text: '' }), 0, limits)).toBeNull()
    expect(noteOf(speaking('en'), incident({ level: 2 }), 3, limits)).toBeNull()
  })
})

it('what a person noted keeps his words as its name', () => {
  expect(nameOf(speaking('en'), incident({ rule: 'flagged', text: '看向旁边' }))).toBe('看向旁边')
  expect(nameOf(speaking('en'), incident({ rule: 'second_device' }))).toBe('Changed the device')
})

import { readFileSync } from 'node:fs'
import { describe as suite, expect, it } from 'vitest'
import { describe } from './describe'

const told = (kind: string, event: object, by: string | null = null) =>
  describe({ version: 1, at: '2026-11-22T09:30:00Z', kind, by, event: { type: kind, ...event } })

suite('an event in words', () => {
  it('never tells a choice', () => {
    const one = told('answered', { seq: 4, no: 12, choice: 'acd' })
    expect(one).toMatchObject({ key: 'answered', group: 'answers' })
    expect(JSON.stringify(one)).not.toContain('acd')
    expect(one.facts['no']).toBe(12)
  })

  it('tells warnings from messages and one ending from another', () => {
    expect(told('warned', { level: 'message', text: '你好' })).toMatchObject({ key: 'messaged', text: '你好' })
    expect(told('warned', { level: 'warning', text: '!' }).key).toBe('warned')
    expect(told('submitted', { ending: 'time', as_of: '2026-11-22T10:00:00Z' })).toMatchObject({
      key: 'submitted_time',
      instants: { as_of: '2026-11-22T10:00:00Z' },
    })
    expect(told('released', { passed: true }).key).toBe('released_passed')
  })

  it('tells what happened by itself from what somebody did', () => {
    expect(told('resumed', { by: 0, deadline_at: '2026-11-22T10:00:00Z' }).key).toBe('resumed_alone')
    expect(told('identity_accepted', { by: 7 }, '陈监考')).toMatchObject({ key: 'identity_accepted', by: '陈监考' })
  })

  it('counts an extension in minutes', () => {
    expect(told('extended', { seconds: 600, reason: '网络故障' })).toMatchObject({
      facts: { minutes: 10 },
      text: '网络故障',
    })
  })

  it('shows the portrait', () => {
    expect(told('portrait_taken', { picture: 'ab', device: 'd' }).picture).toBe('ab')
  })

  it('passes on a kind it does not know', () => {
    expect(told('teleported', {})).toMatchObject({ key: 'unknown', facts: { kind: 'teleported' } })
    expect(describe({ version: 1, at: '', kind: 'x', by: null, event: null }).text).toBe('')
  })

  it('has a sentence for every kind', () => {
    const file = new URL('../../words/zh-CN/desk.json', import.meta.url)
    const words = (JSON.parse(readFileSync(file, 'utf8')) as { timeline: Record<string, string> }).timeline
    const kinds =
      'entered portrait_taken identity_accepted identity_refused device_taken started answered cleared marked_for_later came_late acknowledged paused resumed extended identity_locked identity_unlocked marked annulled'
    for (const kind of kinds.split(' ')) expect(words[told(kind, {}).key]).toBeTruthy()
    for (const ending of ['candidate', 'time', 'invigilator', 'rule']) {
      expect(words[told('submitted', { ending }).key]).toBeTruthy()
    }
  })
})

import { describe, expect, it } from 'vitest'
import { byDay, letters, lineOf, linesOf, type OwnEntry, type OwnJournal } from './journal-lines'
import zh from '@words/zh-CN/result.json'

const said = zh.journal.said as Record<string, string>
let version = 0
const entry = (kind: string, body: object | null = {}): OwnEntry => {
  version += 1
  return {
    version,
    seq: null,
    kind,
    at: '2026-03-02T01:00:00Z',
    body: body ? JSON.stringify({ type: kind, ...body }) : '',
    digest: '',
  }
}

const CASES: [string, OwnEntry, string, string][] = [
  ['entering', entry('entered', { layout: {} }), 'entered', ''],
  ['a portrait', entry('portrait_taken', { picture: 'f0' }), 'portrait_taken', ''],
  ['asking for a person', entry('portrait_taken', { picture: '', why: 'no_camera' }), 'asked_for_person', ''],
  ['accepted by the model', entry('identity_accepted', { by: 0 }), 'identity_accepted', ''],
  ['accepted by a person', entry('identity_accepted', { by: 5 }), 'identity_accepted_by_person', ''],
  ['refused by the model', entry('identity_refused', { reason: 'try_again' }), 'identity_refused', ''],
  ['refused by a person', entry('identity_refused', { reason: '与证件不符' }), 'identity_refused', '与证件不符'],
  ['a device', entry('device_taken', { device: 'x' }), 'device_taken', ''],
  ['the start', entry('started', {}), 'started', ''],
  ['an answer', entry('answered', { no: 3, choice: 'ac' }), 'answered', ''],
  ['a clearing', entry('cleared', { no: 3 }), 'cleared', ''],
  ['a mark', entry('marked_for_later', { no: 3, on: true }), 'marked_for_later', ''],
  ['a mark taken off', entry('marked_for_later', { no: 3, on: false }), 'mark_removed', ''],
  ['too late', entry('came_late', { no: 3, choice: 'a' }), 'came_late', ''],
  ['a clearing too late', entry('came_late', { no: 3, choice: '' }), 'clearing_came_late', ''],
  ['a warning', entry('warned', { level: 'warning', text: '请坐好' }), 'warned', '请坐好'],
  ['a message', entry('warned', { level: 'message', text: '还有五分钟' }), 'notified', '还有五分钟'],
  ['having read it', entry('acknowledged', { notice: 1 }), 'acknowledged', ''],
  ['a pause', entry('paused', { reason: '停电' }), 'paused', '停电'],
  ['going on', entry('resumed', {}), 'resumed', ''],
  ['more time', entry('extended', { seconds: 600, reason: '停电' }), 'extended', '停电'],
  ['a lock', entry('identity_locked', { reason: '核验' }), 'identity_locked', '核验'],
  ['an unlocking', entry('identity_unlocked', {}), 'identity_unlocked', ''],
  ...['candidate', 'time', 'invigilator', 'rule'].map(
    (ending): [string, OwnEntry, string, string] => [
      `handed in by ${ending}`,
      entry('submitted', { ending, reason: '' }),
      `submitted_${ending}`,
      '',
    ],
  ),
  ['a mark not yet told', entry('marked', null), 'marked_unreleased', ''],
  ['a mark', entry('marked', { points: 60, points_max: 100 }), 'marked', ''],
  ['passed', entry('released', { passed: true, pass_points: 60 }), 'released_passed', ''],
  ['not passed', entry('released', { passed: false, pass_points: 60 }), 'released_failed', ''],
  ['annulled', entry('annulled', { reason: '设备故障' }), 'annulled', '设备故障'],
  ['held, not yet told', entry('held', null), 'withheld', ''],
  ['held', entry('held', { case: 3 }), 'held', ''],
  ['no longer held', entry('hold_ended', { case: 3 }), 'hold_ended', ''],
]

describe('a line of the own journal', () => {
  it.each(CASES)('%s', (_name, one, what, text) => {
    const line = lineOf(one)
    expect([line.what, line.text]).toEqual([what, text])
    expect(said[what]).toBeTruthy()
  })

  it('tells only what its sentence needs, and that is there', () => {
    for (const [, one, what] of CASES) {
      const { facts } = lineOf(one)
      for (const hole of (said[what] ?? '').match(/\{(\w+)\}/g) ?? []) expect(facts).toHaveProperty(hole.slice(1, -1))
    }
  })

  it('shows letters by place, and minutes for seconds', () => {
    expect(letters('acd')).toBe('A C D')
    expect(lineOf(entry('answered', { no: 3, choice: 'ac' })).facts).toMatchObject({ no: 3, letters: 'A C' })
    expect(lineOf(entry('extended', { seconds: 600 })).facts).toMatchObject({ minutes: 10 })
  })

  it('lives through an entry it can not read', () => {
    expect(lineOf({ ...entry('answered'), body: '{' }).what).toBe('answered')
    expect(lineOf(entry('of_tomorrow', {})).what).toBe('of_tomorrow')
  })
})

describe('the lines', () => {
  const journal = { entries: CASES.map(([, one]) => one) } as OwnJournal

  it('are all of them, or those about answers', () => {
    expect(linesOf(journal, 'all')).toHaveLength(CASES.length)
    expect(new Set(linesOf(journal, 'answers').map((line) => line.kind))).toEqual(
      new Set(['answered', 'cleared', 'marked_for_later', 'came_late']),
    )
  })

  it('stand under their day in their order', () => {
    const lines = linesOf(journal, 'all').map((line, n) => ({ ...line, at: n < 3 ? 'a' : 'b' }))
    expect(byDay(lines, (at) => at).map(([day, group]) => [day, group.length])).toEqual([
      ['a', 3],
      ['b', CASES.length - 3],
    ])
  })
})

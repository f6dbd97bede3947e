import { describe, expect, it } from 'vitest'
import zh from '@words/zh-CN/desk.json'
import type { CandidateView, CaptureRow, SignalRow } from '../wall/shapes'
import type { TimelineEvent } from '../wire'
import { foldedCaptures, foldedSignals, merged } from './merge'

const at = (time: string): string => `2026-11-22T${time}Z`
const event = (version: number, time: string, kind: string, body: object = {}): TimelineEvent => ({
  version,
  at: at(time),
  kind,
  by: null,
  event: { type: kind, ...body },
})
const signal = (kind: string, time: string, forMs = 0): SignalRow => ({ kind, at: at(time), for_ms: forMs, device: 'd' })
const capture = (picture: string, time: string, kind: string, similarity: number | null = null): CaptureRow => ({
  picture,
  at: at(time),
  kind,
  similarity,
  why: 'interval',
  state: 'seen',
  reason: '',
  face_count: 1,
})
const NOTHING: CandidateView = {
  attempt_id: 1,
  sitting_id: 1,
  name: '测试一',
  id_number: '',
  organisation: '',
  room: 1,
  photo: '',
  consent: 'agreed',
  taken_in: 0,
  incidents: [],
  captures: [],
  checks: [],
  signals: [],
  cases: [],
}

describe('one line of time', () => {
  it('puts everything in the order it happened, the journal first in the same instant', () => {
    const seen: CandidateView = {
      ...NOTHING,
      captures: [capture('c', '09:02:00', 'same', 90)],
      signals: [signal('page_hidden', '09:01:00', 7000)],
      incidents: [
        { incident_id: 5, rule: 'left_page', ordinal: 1, level: 1, at: at('09:01:00'), for_ms: 7000, pictures: [], note: '', by: '', verdict: '', reviewed_by: '' },
      ],
      checks: [
        { check_id: 2, begun_at: at('08:59:00'), ended_at: null, device: 'd', steps: [], verdict: '', why: '', similarity: null, pictures: [] },
      ],
    }
    const rows = merged([event(1, '08:58:00', 'entered'), event(2, '09:02:00', 'answered', { no: 3 })], seen)
    expect(rows.map((row) => row.type)).toEqual(['event', 'check', 'incident', 'signals', 'event', 'captures'])
  })

  it('is the journal alone where nothing else may be shown', () => {
    expect(merged([event(1, '09:00:00', 'entered')], null)).toHaveLength(1)
  })
})

describe('a command', () => {
  const received = (events: TimelineEvent[], takenIn: number): (string | null)[] =>
    merged(events, { ...NOTHING, taken_in: takenIn }).map((row) => (row.type === 'event' ? row.received : null))

  it('is received when the device has taken in its number', () => {
    const events = [event(4, '09:00:00', 'paused', { reason: '' }), event(6, '09:01:00', 'extended', { seconds: 60 })]
    expect(received(events, 5)).toEqual(['taken_in', 'not_yet'])
  })

  it('is acknowledged when the candidate said so', () => {
    const events = [
      event(4, '09:00:00', 'warned', { notice: 1, text: '', level: 'warning' }),
      event(5, '09:00:10', 'warned', { notice: 2, text: '', level: 'warning' }),
      event(6, '09:01:00', 'acknowledged', { notice: 1 }),
    ]
    expect(received(events, 0)).toEqual(['acknowledged', 'not_yet', null])
  })

  it('is not said to be missing where nobody knows how far the device has come', () => {
    const events = [
      event(4, '09:00:00', 'warned', { notice: 1, text: '', level: 'warning' }),
      event(5, '09:01:00', 'acknowledged', { notice: 1 }),
      event(6, '09:02:00', 'paused', { reason: '' }),
    ]
    const said = merged(events, null).map((row) => (row.type === 'event' ? row.received : ''))
    expect(said).toEqual(['acknowledged', null, null])
  })

  it('is nothing else', () => {
    expect(received([event(4, '09:00:00', 'answered', { no: 1 })], 9)).toEqual([null])
  })
})

describe('folding', () => {
  it('counts signals of one kind near each other, and only the longest word on what lasts', () => {
    const rows = foldedSignals([
      signal('focus_lost', '09:00:00'),
      signal('page_hidden', '09:00:10', 3000),
      signal('page_hidden', '09:00:10', 9000),
      signal('focus_lost', '09:02:00'),
      signal('focus_lost', '09:20:00'),
      signal('page_hidden', '09:01:00', 4000),
    ])
    expect(rows.map((row) => (row.type === 'signals' ? [row.kind, row.count, row.forMs] : []))).toEqual([
      ['focus_lost', 2, 0],
      ['page_hidden', 2, 13000],
      ['focus_lost', 1, 0],
    ])
  })

  it('does not depend on the order signals came in', () => {
    const some = [signal('idle', '09:00:00', 5), signal('copy', '09:00:01'), signal('idle', '09:03:00', 6), signal('idle', '09:30:00')]
    expect(foldedSignals([...some].reverse())).toEqual(foldedSignals(some))
  })

  it('puts quiet captures in one row and leaves each that stands out alone', () => {
    const rows = foldedCaptures([
      capture('a', '09:00:00', 'same', 91),
      capture('b', '09:02:00', 'same', 82),
      capture('c', '09:04:00', 'other', 40),
      capture('d', '09:06:00', 'other', 42),
      capture('e', '09:08:00', 'same', 88),
    ])
    expect(rows.map((row) => (row.type === 'captures' ? [row.kind, row.captures.length, row.low, row.high] : []))).toEqual([
      ['same', 2, 82, 91],
      ['other', 1, 40, 40],
      ['other', 1, 42, 42],
      ['same', 1, 88, 88],
    ])
  })
})

it('a notice of a rule and a held score have sentences of their own', () => {
  const rows = merged(
    [event(1, '09:00:00', 'warned', { notice: 1, text: '请', rule: 'left_page:3' }), event(2, '09:01:00', 'held', { case: 4 }), event(3, '09:02:00', 'hold_ended', { case: 4 })],
    null,
  )
  const keys = rows.flatMap((row) => (row.type === 'event' ? [row.told.key] : []))
  expect(keys).toEqual(['warned_by_rule', 'held', 'hold_ended'])
  for (const key of keys) expect(Object.keys(zh.candidate.event)).toContain(key)
})

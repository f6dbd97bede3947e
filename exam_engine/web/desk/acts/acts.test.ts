import { Problem } from '@shared/problem'
import { describe, expect, it } from 'vitest'
import { aTile } from '../testing/tile'
import type { ActOutcome, ActTarget } from '../wire'
import { answered, back, begin, lost, mayProceed, needsConfirming, proceed, refused, requestOf } from './draft'
import { ACT_KINDS, commandOf, fits, formFault, kindOf, mayDo, NEEDS } from './kinds'
import { byConcern, FOLLOW_MS, isFollowed, remember, type SentAct, tally, updated } from './sent'

const WARN_ONE = { kind: 'warn', attemptIds: [5], everybody: false, headcount: 1 } as const
const FORCE_MANY = { kind: 'force', attemptIds: [5, 6, 7], everybody: false, headcount: 3 } as const
const WORDS = { text: ' 请正对摄像头 ', minutes: 10 }

describe('an act', () => {
  it('is told to the server and read back from it as the same', () => {
    for (const kind of ACT_KINDS) {
      const told = kindOf(commandOf(kind, WORDS))
      expect(told.kind).toBe(kind)
      expect(told.text).toBe(NEEDS[kind].text === null ? '' : '请正对摄像头')
      expect(told.minutes).toBe(kind === 'extend' ? 10 : null)
    }
  })

  it('of a newer server is not misread', () => {
    expect(kindOf({ type: 'teleport' }).kind).toBeNull()
    expect(kindOf(null)).toEqual({ kind: null, text: '', minutes: null })
  })

  it('needs its words and its minutes', () => {
    expect(formFault('warn', { text: '  ', minutes: 0 })).toBe('text_missing')
    expect(formFault('pause', { text: '字'.repeat(501), minutes: 0 })).toBe('text_too_long')
    expect(formFault('extend', { text: 'x', minutes: 121 })).toBe('minutes_wrong')
    expect(formFault('extend', { text: 'x', minutes: 1.5 })).toBe('minutes_wrong')
    expect(formFault('resume', { text: '', minutes: 0 })).toBeNull()
  })

  it('fits only who it would change', () => {
    const paused = aTile({ paused_at: '2026-11-22T09:00:00Z' })
    expect([fits('pause', paused), fits('resume', paused)]).toEqual([false, true])
    expect([fits('lock', aTile()), fits('unlock', aTile())]).toEqual([true, false])
    expect(fits('accept', aTile({ identity: 'waiting' }))).toBe(true)
    expect(fits('warn', aTile({ phase: 'submitted' }))).toBe(false)
  })

  it('is for those whose role allows it', () => {
    expect(mayDo('annul', 'invigilator')).toBe(false)
    expect(mayDo('annul', 'chief')).toBe(true)
    expect(mayDo('warn', 'agency')).toBe(false)
  })
})

describe('a draft', () => {
  it('for one person is sent at once', () => {
    const draft = begin(WARN_ONE, WORDS, 'request-1')
    expect(needsConfirming(draft)).toBe(false)
    expect(proceed(draft).step).toBe('sending')
  })

  it('without words goes nowhere', () => {
    const draft = begin(WARN_ONE, { text: '', minutes: 10 }, 'request-1')
    expect(proceed(draft)).toBe(draft)
  })

  it('that is grave waits until the number is typed', () => {
    const asked = proceed(begin(FORCE_MANY, WORDS, 'request-1'))
    expect(asked.step).toBe('confirming')
    expect(mayProceed({ ...asked, typed: '2' })).toBe(false)
    expect(proceed({ ...asked, typed: ' 3 ' }).step).toBe('sending')
    expect(back(asked).step).toBe('editing')
  })

  it('is confirmed when somebody else is busy with the candidate', () => {
    const draft = begin({ ...WARN_ONE, busy: ['李监考'] }, WORDS, 'request-1')
    expect(proceed(draft).step).toBe('confirming')
    expect(proceed(begin({ ...WARN_ONE, busy: [] }, WORDS, 'request-1')).step).toBe('sending')
  })

  it('to more than one is confirmed once more', () => {
    const draft = begin({ ...WARN_ONE, attemptIds: [5, 6], headcount: 2 }, WORDS, 'request-1')
    expect(proceed(draft).step).toBe('confirming')
    expect(proceed(proceed(draft)).step).toBe('sending')
  })

  it('to everybody names nobody', () => {
    const draft = begin({ ...WARN_ONE, everybody: true, headcount: 40 }, WORDS, 'request-1')
    expect(requestOf(draft)).toMatchObject({ attempt_ids: [], everybody: true })
    expect(needsConfirming({ ...draft, headcount: 1 })).toBe(true)
  })

  it('without an answer is sent again with the same id', () => {
    const unsure = lost(proceed(begin(WARN_ONE, WORDS, 'request-1')))
    const again = proceed(unsure)
    expect(again.step).toBe('sending')
    expect(requestOf(again)).toEqual(requestOf(unsure))
  })

  it('that was refused is another act when sent again', () => {
    const after = refused(
      proceed(begin(WARN_ONE, WORDS, 'request-1')),
      new Problem('wrong_shape', 400),
      'request-2',
    )
    expect([after.step, after.requestId]).toEqual(['editing', 'request-2'])
  })

  it('that is done stays done', () => {
    const done = answered(proceed(begin(WARN_ONE, WORDS, 'request-1')), outcome([]))
    expect(proceed(done)).toBe(done)
  })
})

const target = (attempt_id: number, part: Partial<ActTarget> = {}): ActTarget => ({
  attempt_id,
  name: '王敏',
  version: 3,
  refused: null,
  received: false,
  ...part,
})
const outcome = (targets: ActTarget[], act_id = 1): ActOutcome => ({ act_id, sent: 0, refused: 0, targets })
const sent = (targets: ActTarget[], actId = 1): SentAct => ({
  actId,
  kind: 'warn',
  text: '',
  minutes: null,
  everybody: false,
  sentAtMs: 0,
  targets,
})

describe('an act that was sent', () => {
  it('is followed until everybody it reached has it', () => {
    const act = sent([
      target(1, { received: true }),
      target(2),
      target(3, { version: null, refused: 'not_running' }),
    ])
    expect(tally(act)).toEqual({ sent: 2, received: 1, refused: 1 })
    expect(isFollowed(act, 1)).toBe(true)
    expect(isFollowed(act, FOLLOW_MS)).toBe(false)
    expect(isFollowed(sent([target(1, { received: true }), target(3, { refused: 'not_running' })]), 1)).toBe(false)
  })

  it('is one act however often it was answered', () => {
    expect(remember([sent([], 1), sent([], 2)], sent([], 2)).map((act) => act.actId)).toEqual([2, 1])
  })

  it('never un-receives', () => {
    const after = updated(
      [sent([target(1, { received: true }), target(2)])],
      outcome([target(1), target(2, { received: true })]),
    )
    expect(after[0]?.targets.map((one) => one.received)).toEqual([true, true])
  })

  it('shows first who needs a look', () => {
    const rows = byConcern([target(1, { received: true }), target(2), target(3, { refused: 'not_running' })])
    expect(rows.map((row) => row.attempt_id)).toEqual([3, 2, 1])
  })
})

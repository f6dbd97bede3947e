// @vitest-environment happy-dom
import { beforeEach, expect, it } from 'vitest'
import { draftOf } from './drafts'

beforeEach(() => sessionStorage.clear())

it('words are kept per account, case and form', () => {
  draftOf(1, 7, 'decision').keep('证据不足')
  expect(draftOf(1, 7, 'decision').read()).toBe('证据不足')
  expect([draftOf(2, 7, 'decision'), draftOf(1, 8, 'decision'), draftOf(1, 7, 'appeal')].map((d) => d.read())).toEqual([
    '',
    '',
    '',
  ])
})

it('words that were sent, or wiped out, are gone', () => {
  const draft = draftOf(1, 7, 'decision')
  draft.keep('证据不足')
  draft.drop()
  expect(draft.read()).toBe('')
  draft.keep('又写')
  draft.keep('')
  expect(sessionStorage.length).toBe(0)
})

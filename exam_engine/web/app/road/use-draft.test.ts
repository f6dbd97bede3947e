import { describe, expect, it } from 'vitest'
import { firstWrong } from './use-form'
import { readDraft } from './use-draft'

describe('a draft', () => {
  const empty = { name: '', id_type: 'id_card' }

  it('gives back what was typed', () => {
    expect(readDraft('{"name":"测试","id_type":"passport"}', empty)).toEqual({ name: '测试', id_type: 'passport' })
  })

  it('that is broken, or of another page, is an empty one', () => {
    for (const text of ['', '{', 'null', '7', '{"name":7,"other":"x"}']) expect(readDraft(text, empty)).toEqual(empty)
  })
})

it('the first wrong field is the first on the page, not the first that was said', () => {
  expect(firstWrong(['phone', 'code'], { code: 'wrong', phone: 'wrong' })).toBe('phone')
  expect(firstWrong(['phone', 'code'], { phone: '', code: 'wrong' })).toBe('code')
  expect(firstWrong(['phone', 'code'], {})).toBeUndefined()
})

import { ref } from 'vue'
import { expect, it } from 'vitest'
import { once } from './once'

it('what was there once is there for good', () => {
  const text = ref('')
  const shown = once(() => text.value !== '')
  expect(shown.value).toBe(false)
  text.value = 'a report'
  expect(shown.value).toBe(true)
  text.value = ''
  expect(shown.value).toBe(true)
})

it('what is there from the beginning too', () => {
  const text = ref('a report')
  const shown = once(() => text.value !== '')
  text.value = ''
  expect(shown.value).toBe(true)
})
